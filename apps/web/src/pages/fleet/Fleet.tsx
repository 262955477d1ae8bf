import { SegmentedControl } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { PackageCheck } from "lucide-react";
import type { ReactNode } from "react";

import { getFleet, type FleetCell, type FleetRow } from "@roadbed/contracts/delivery/fleet";
import type { OutputOf } from "@roadbed/core";
import { useOperation } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { Loaded, SkeletonRows } from "../../ui/Loaded.tsx";
import { StateIcon } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import { DriftNote, useOpenDrift } from "../drift/DriftOf.tsx";
import classes from "./fleet.module.css";

type FleetOf = OutputOf<typeof getFleet>;
export type Only = "behind" | "stuck" | "ahead" | "held";

const WORDS: readonly (readonly [Only, string])[] = [
  ["behind", "Behind"],
  ["stuck", "Stuck"],
  ["ahead", "Came past"],
  ["held", "Held"],
];

/** Which release of everything each environment has: what is new is green, what is behind is amber, what is on its way says why it waits. */
export function Fleet({ only, onOnly }: { readonly only: Only | undefined; readonly onOnly: (only: Only | undefined) => void }): ReactNode {
  const fleet = useOperation(getFleet, { limit: 500, ...(only !== undefined && { only }) }, { keep: true });
  return (
    <Loaded query={fleet} skeleton={<SkeletonRows rows={10} height={48} />}>
      {(found) =>
        found.counts.components === 0 ? (
          <EmptyState icon={PackageCheck} title="Nothing was released yet" act={<Link to="/create">Choose a golden path</Link>}>
            A push that becomes healthy in the first environment is a release. From there it goes from environment to environment, and this
            picture shows how far each has come.
          </EmptyState>
        ) : (
          <>
            <Stages of={found} />
            <div className={classes.tools}>
              <SegmentedControl
                size="xs"
                aria-label="Which"
                value={only ?? "all"}
                onChange={(value) => onOnly(value === "all" ? undefined : (value as Only))}
                data={[
                  { value: "all", label: `All ${found.counts.components}` },
                  ...WORDS.map(([value, label]) => ({ value, label: `${label} ${found.counts[value]}` })),
                ]}
              />
            </div>
            <Matrix of={found} />
            {found.nextCursor !== undefined && <p className="rb-dim">The first {found.items.length} are shown.</p>}
          </>
        )
      }
    </Loaded>
  );
}

/** The way from environment to environment, with how long it takes. */
function Stages({ of: { environments } }: { readonly of: FleetOf }): ReactNode {
  return (
    <ol className={classes.stages} aria-label="Environments, in the order of promotion">
      {environments.map(({ name, title, upstream, automatic, frozen, components, waiting, leadSeconds }) => (
        <li key={name}>
          <b>{title}</b>
          <span className="rb-dim">
            {upstream.length === 0 ? "releases begin here" : `from ${upstream.join(", ")}${automatic ? ", by itself" : ""}`}
          </span>
          <span>
            {formatCount(components, "component")}
            {waiting > 0 && <span data-state="warn">, {waiting} waiting</span>}
          </span>
          <span className={`${classes.small} rb-dim`}>
            {leadSeconds === undefined
              ? "no promotion in 30 days"
              : `${durationOf(leadSeconds.median)} from release to here (9 of 10 within ${durationOf(leadSeconds.p90)})`}
          </span>
          {frozen !== undefined && (
            <span className={classes.small} data-state="warn">
              Frozen: {frozen}
            </span>
          )}
        </li>
      ))}
    </ol>
  );
}

function Matrix({ of: { environments, items } }: { readonly of: FleetOf }): ReactNode {
  const drifts = useOpenDrift();
  if (items.length === 0) return <EmptyState compact title="None of them" />;
  return (
    <div className={classes.scroll} tabIndex={0} role="region" aria-label="Releases by environment">
      <table className={classes.matrix}>
        <thead>
          <tr>
            <th scope="col">Component</th>
            {environments.map(({ name, title }) => (
              <th key={name} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((row) => (
            <tr key={row.entityRef}>
              <th scope="row">
                <EntityLink entityRef={row.entityRef} tab="deploys" />
                <div className={`${classes.small} rb-dim`}>
                  <Link to="/releases" search={{ entity: row.entityRef, tab: "releases" }}>
                    newest {row.newest.number}
                  </Link>
                  , <When at={row.newest.createdAt} />
                </div>
              </th>
              {row.cells.map((cell) => (
                <td key={cell.environment}>
                  <Cell of={cell} row={row} />
                  <span className={classes.small}>
                    <DriftNote drifts={drifts} entityRef={row.entityRef} environment={cell.environment} />
                  </span>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cell({ of, row }: { readonly of: FleetCell; readonly row: FleetRow }): ReactNode {
  const { environment, release, health, since, behind, underWay, held } = of;
  const sick = health !== undefined && ["crashed", "failed", "unhealthy"].includes(health);
  return (
    <div className={classes.cell} data-age={release === undefined ? "none" : behind > 0 ? "behind" : "newest"} data-sick={sick}>
      {release === undefined ? (
        <span className="rb-dim">not there</span>
      ) : (
        <span className={classes.line}>
          <Link to="/releases/$release" params={{ release: release.id }} title={release.title}>
            {release.number}
            {behind > 0 && ` (${behind} behind)`}
          </Link>
          {health !== undefined && <StateIcon word={health} size={14} />}
        </span>
      )}
      {since !== undefined && underWay === undefined && (
        <span className={`${classes.small} rb-dim`}>
          <When at={since} />
        </span>
      )}
      {underWay !== undefined && (
        <Link className={classes.small} to="/promotions/$id" params={{ id: underWay.promotionId }} title={underWay.why}>
          {underWay.number} {underWay.state}: {underWay.why.length > 44 ? `${underWay.why.slice(0, 42)}…` : underWay.why}
        </Link>
      )}
      {held !== undefined && (
        <span className={classes.small} data-state="warn" title={held.why}>
          held
        </span>
      )}
      {row.ahead.includes(environment) && (
        <span className={classes.small} data-state="warn">
          newer than where it comes from
        </span>
      )}
    </div>
  );
}

function durationOf(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
