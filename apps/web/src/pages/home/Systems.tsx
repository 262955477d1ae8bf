import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { listEntities } from "@roadbed/contracts/catalog";
import { listServices } from "@roadbed/contracts/telemetry";
import { useOperation } from "../../api/use-operation.ts";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { partsOf } from "../../ui/entity-kind.ts";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateIcon } from "../../ui/StateBadge.tsx";
import classes from "./home.module.css";
import { healthBySystem } from "./systems.ts";

const SHOWN = 10;
const PARTS_SHOWN = 16;

/** The state of many things at a glance: one line per system, one mark per component. */
export function Systems(): ReactNode {
  const components = useOperation(listEntities, { filter: "kind=component", limit: 500 });
  const services = useOperation(listServices, { limit: 500 });
  if (components.data !== undefined && components.data.items.every(({ system }) => system === undefined)) return null;
  const systems = healthBySystem(components.data?.items ?? [], services.data?.items ?? []);
  return (
    <Section title="Systems" act={<Link to="/graph">Graph</Link>}>
      {components.isPending || services.isPending ? (
        <SkeletonRows rows={8} height={36} />
      ) : (
        <ul className={classes.list}>
          {systems.slice(0, SHOWN).map(({ system, parts }) => (
            <li key={system} className={classes.system}>
              <span className={classes.systemName}>
                <EntityLink entityRef={system} />
              </span>
              <span className={classes.marks}>
                {parts.slice(0, PARTS_SHOWN).map(({ ref, name, health, why }) => (
                  <Link
                    key={ref}
                    to="/entities/$kind/$namespace/$name"
                    params={{ ...partsOf(ref) }}
                    title={`${name}: ${health}, ${why}`}
                    aria-label={`${name}: ${health}`}
                    className={classes.mark}
                  >
                    <StateIcon word={health} size={15} />
                  </Link>
                ))}
                {parts.length > PARTS_SHOWN && <span className={classes.itemAside}>+{parts.length - PARTS_SHOWN}</span>}
              </span>
            </li>
          ))}
          {systems.length > SHOWN && (
            <li className={classes.none}>
              <Link to="/catalog" search={{ kind: ["system"] }}>
                {systems.length - SHOWN} more systems
              </Link>
            </li>
          )}
        </ul>
      )}
    </Section>
  );
}
