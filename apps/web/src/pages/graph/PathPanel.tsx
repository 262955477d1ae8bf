import { CloseButton, SegmentedControl, Stack } from "@mantine/core";
import type { ReactNode } from "react";

import { findPaths } from "@roadbed/contracts/catalog/graph";
import { useOperation } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { labelOfRelation } from "../../graph/relation-style.ts";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { EntitySelect } from "./EntitySelect.tsx";
import type { GraphSearch } from "./graph-search.ts";
import classes from "./graph-page.module.css";

interface Props {
  readonly from: string;
  readonly to: string | undefined;
  readonly way: "up" | "any" | undefined;
  readonly asOf: string | undefined;
  readonly onChange: (patch: Partial<GraphSearch>) => void;
}

/** How one thing leads to another. */
export function PathPanel({ from, to, way, asOf, onChange }: Props): ReactNode {
  const ready = from !== "" && to !== undefined;
  const paths = useOperation(
    findPaths,
    { from, to: to ?? "", ...(way === undefined ? {} : { direction: way }), ...(asOf === undefined ? {} : { asOf }) },
    { enabled: ready, keep: true },
  );
  return (
    <aside className={classes.panel} aria-label="Find a way">
      <div className={classes.panelHead}>
        <h2>Find a way</h2>
        <CloseButton aria-label="End the search" size="sm" onClick={() => onChange({ from: undefined, to: undefined, way: undefined })} />
      </div>
      <Stack gap={8}>
        <EntitySelect
          visibleLabel
          label="From"
          placeholder="Type to find"
          width="100%"
          value={from}
          onChange={(ref) => onChange({ from: ref ?? "" })}
        />
        <EntitySelect
          visibleLabel
          label="To"
          placeholder="Type to find"
          width="100%"
          value={to}
          onChange={(ref) => onChange({ to: ref })}
        />
        <SegmentedControl
          size="xs"
          aria-label="Which way"
          value={way ?? "down"}
          onChange={(value) => onChange({ way: value === "up" || value === "any" ? value : undefined })}
          data={[
            { value: "down", label: "Needs" },
            { value: "up", label: "Is needed by" },
            { value: "any", label: "Either" },
          ]}
        />
      </Stack>
      {ready && (
        <Loaded query={paths} skeleton={120}>
          {({ items }) =>
            items.length === 0 ? (
              <p className="rb-dim">No way leads there in this direction.</p>
            ) : (
              items.map(({ nodes, edges, length, text }, at) => (
                <section key={text} aria-label={`Way ${at + 1}, ${formatCount(length, "step")}`}>
                  <h3>
                    Way {at + 1} <span className="rb-dim">{formatCount(length, "step")}</span>
                  </h3>
                  <ol className={classes.way}>
                    {nodes.map(({ ref, title, name, found }, step) => (
                      <li key={ref}>
                        <EntityLink entityRef={ref} title={title ?? name} found={found} />
                        {step < nodes.length - 1 && (
                          <span className="rb-dim">
                            {edges
                              .filter((edge) => [edge.from, edge.to].includes(ref) && [edge.from, edge.to].includes(nodes[step + 1]!.ref))
                              .map(({ type }) => labelOfRelation(type))
                              .join(", ")}
                          </span>
                        )}
                      </li>
                    ))}
                  </ol>
                </section>
              ))
            )
          }
        </Loaded>
      )}
    </aside>
  );
}
