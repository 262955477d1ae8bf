import { CloseButton, SegmentedControl } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { getImpact } from "@roadbed/contracts/catalog/graph";
import type { OutputOf } from "@roadbed/core";
import { useOperation } from "../../api/use-operation.ts";
import { formatNumber, formatPercent } from "../../format/number.ts";
import { labelOfRelation } from "../../graph/relation-style.ts";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { shortRef } from "../../ui/entity-kind.ts";
import { Loaded } from "../../ui/Loaded.tsx";
import classes from "./graph-page.module.css";
import { MOST_LIT } from "./use-lit.ts";

type Impact = OutputOf<typeof getImpact>;

interface Props {
  readonly entityRef: string;
  readonly onClose: () => void;
  readonly onSelect: (ref: string) => void;
}

const SHOWN = 40;

/** Who is affected when it fails, why, and whom to tell. */
export function ImpactPanel({ entityRef, onClose, onSelect }: Props): ReactNode {
  const impact = useOperation(getImpact, { ref: entityRef, limit: MOST_LIT }, { keep: true });
  const [tab, setTab] = useState("affected");
  return (
    <aside className={classes.panel} aria-label={`Blast radius of ${shortRef(entityRef)}`}>
      <div className={classes.panelHead}>
        <h2>Blast radius of {shortRef(entityRef)}</h2>
        <CloseButton aria-label="End the blast radius" size="sm" onClick={onClose} />
      </div>
      <Loaded query={impact} skeleton={240}>
        {(data) => (
          <>
            <p>{data.summary}</p>
            {data.total > 0 && (
              <>
                <SegmentedControl
                  size="xs"
                  fullWidth
                  aria-label="What to list"
                  value={tab}
                  onChange={setTab}
                  data={[
                    { value: "affected", label: `Affected ${formatNumber(data.total)}` },
                    { value: "tell", label: `To tell ${formatNumber(data.ownersTotal)}` },
                  ]}
                />
                {tab === "affected" ? <AffectedList impact={data} onSelect={onSelect} /> : <OwnerList impact={data} />}
              </>
            )}
          </>
        )}
      </Loaded>
    </aside>
  );
}

function AffectedList({ impact, onSelect }: { readonly impact: Impact; readonly onSelect: (ref: string) => void }): ReactNode {
  const { items, total, weighedBy } = impact;
  return (
    <>
      <ol className={classes.affected}>
        {items.slice(0, SHOWN).map(({ ref, title, distance, weight, path }) => (
          <li key={ref}>
            <span className={classes.weight} style={{ width: `${Math.max(2, weight * 100)}%` }} aria-hidden />
            <button type="button" onClick={() => onSelect(ref)}>
              {title ?? shortRef(ref)}
            </button>
            <span className="rb-dim" title={why(path)}>
              {distance} {distance === 1 ? "step" : "steps"} · weight {formatNumber(weight, 2)}
            </span>
            <span className={classes.why}>{why(path.slice(0, 2))}</span>
          </li>
        ))}
      </ol>
      <p className="rb-dim">
        {total > SHOWN && `The ${SHOWN} with most at stake of ${formatNumber(total)}. `}
        {weighedBy === "distance" && "So much is affected that only the distance is weighed."}
      </p>
    </>
  );
}

function why(path: Impact["items"][number]["path"]): string {
  return path
    .map(
      ({ from, type, to, share }) =>
        `${shortRef(from)} ${labelOfRelation(type)} ${shortRef(to)}${share === undefined ? "" : ` (${formatPercent(share)} of its calls)`}`,
    )
    .join(", ");
}

function OwnerList({ impact }: { readonly impact: Impact }): ReactNode {
  return (
    <>
      <ul className={classes.ends}>
        {impact.owners.slice(0, SHOWN).map(({ ref, title, count, contact }) => (
          <li key={ref}>
            <EntityLink entityRef={ref} title={title} kind="group" />
            <span className="rb-dim">
              {count} affected{contact === undefined ? "" : ` · ${contact}`}
            </span>
          </li>
        ))}
      </ul>
      {impact.withoutOwner > 0 && <p className="rb-dim">{formatNumber(impact.withoutOwner)} have no owner.</p>}
    </>
  );
}
