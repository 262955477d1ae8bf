import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { listEntities } from "@roadbed/contracts/catalog";
import { getMe } from "@roadbed/contracts/identity";
import { listServices } from "@roadbed/contracts/telemetry";
import { useOperation } from "../../api/use-operation.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { Loaded, SkeletonRows } from "../../ui/Loaded.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import classes from "./home.module.css";

const SHOWN = 12;

/** What the person's groups own, with its health. */
export function TeamThings(): ReactNode {
  const me = useOperation(getMe, {});
  const groups = me.data?.groups ?? [];
  const mine = useOperation(
    listEntities,
    { filter: groups.map((group) => `kind=component,relations.ownedBy=${group}`).join(","), limit: SHOWN },
    { enabled: groups.length > 0 },
  );
  const services = useOperation(listServices, { limit: 500 });
  const health = new Map(services.data?.items.map((row) => [row.service, row]));
  return (
    <Section
      title="Your team's components"
      act={
        groups.length > 0 && (
          <Link to="/catalog" search={{ kind: ["component"], owner: [...groups] }}>
            All
          </Link>
        )
      }
    >
      {me.data !== undefined && groups.length === 0 ? (
        <EmptyState compact title="You are in no team yet">
          Link your account to a person of the catalogue, and what your groups own stands here. Meanwhile,{" "}
          <Link to="/catalog">the whole catalogue</Link>.
        </EmptyState>
      ) : (
        <Loaded query={mine} skeleton={<SkeletonRows rows={4} />}>
          {({ items }) => (
            <ul className={classes.list}>
              {items.map(({ ref, name, title, type }) => {
                const row = health.get(name);
                return (
                  <li key={ref} className={classes.item}>
                    <div className={classes.itemText}>
                      <EntityLink entityRef={ref} title={title} />
                    </div>
                    <span className={classes.itemAside}>{type}</span>
                    <StateBadge plain word={row?.health ?? "unknown"} label={row?.health ?? "no telemetry"} title={row?.why} />
                  </li>
                );
              })}
              {items.length === 0 && <li className={classes.none}>Your groups own no component yet.</li>}
            </ul>
          )}
        </Loaded>
      )}
    </Section>
  );
}
