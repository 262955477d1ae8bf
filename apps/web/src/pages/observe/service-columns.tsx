import { Link } from "@tanstack/react-router";
import { Box } from "lucide-react";
import { useMemo, type ReactNode } from "react";

import type { ServiceRow } from "@roadbed/contracts/telemetry";
import { Sparkline } from "../../charts/Sparkline.tsx";
import classes from "../../observe/observe.module.css";
import { RED } from "../../observe/red-columns.tsx";
import { useComponents } from "../../observe/use-components.ts";
import type { Column } from "../../table/column.ts";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { partsOf, shortRef } from "../../ui/entity-kind.ts";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { SampleTag } from "../../ui/Tag.tsx";
import { When } from "../../ui/When.tsx";
import { HEALTH_ORDER } from "./service-answer.ts";
import { useShapes } from "./use-shapes.ts";

/** The columns of the services, with the shape of their requests and their owner in the catalogue. */
export function useServiceColumns(range: string | undefined): readonly Column<ServiceRow>[] {
  const shapes = useShapes(range);
  const components = useComponents();
  return useMemo<readonly Column<ServiceRow>[]>(
    () => [
      {
        id: "service",
        header: "Service",
        width: "23%",
        value: ({ service }) => service,
        cell: ({ service, sample }) => (
          <span className={classes.nameCell}>
            <Link
              to="/observe/services/$service"
              params={{ service }}
              search={range === undefined ? {} : { range }}
              className={classes.nameLink}
              title={service}
            >
              {service}
            </Link>
            <ComponentLink of={components.get(service)?.ref} service={service} />
            {sample && <SampleTag />}
          </span>
        ),
      },
      {
        id: "health",
        header: "Health",
        width: "104px",
        value: ({ health, service }) => `${HEALTH_ORDER[health]} ${service}`,
        cell: ({ health, why }) => <StateBadge plain word={health} title={why} />,
      },
      {
        id: "why",
        header: "Why",
        cell: ({ why }) => (
          <span className="rb-dim" title={why}>
            {why}
          </span>
        ),
      },
      {
        id: "shape",
        header: "Requests",
        width: "116px",
        cell: ({ service }) => {
          const points = shapes.points.get(service);
          return points === undefined ? null : (
            <Sparkline
              points={points}
              from={shapes.from}
              to={shapes.to}
              stepMs={shapes.stepMs}
              label={`Requests per second of ${service} over the window`}
            />
          );
        },
      },
      RED.rate,
      RED.errors,
      RED.p95,
      {
        id: "owner",
        header: "Owner",
        width: "136px",
        value: ({ service }) => {
          const owner = components.get(service)?.owner;
          return owner === undefined ? undefined : shortRef(owner);
        },
        cell: ({ service }) => {
          const found = components.get(service);
          if (found === undefined) return <span className="rb-dim">not in the catalogue</span>;
          return found.owner === undefined ? null : <EntityLink entityRef={found.owner} kind="group" />;
        },
      },
      { id: "seen", header: "Last seen", width: "96px", value: ({ lastSeen }) => lastSeen, cell: ({ lastSeen }) => <When at={lastSeen} /> },
    ],
    [shapes, components, range],
  );
}

/** A service that the catalogue knows leads to its component. */
function ComponentLink({ of, service }: { readonly of: string | undefined; readonly service: string }): ReactNode {
  if (of === undefined) return null;
  return (
    <Link
      to="/entities/$kind/$namespace/$name"
      params={{ ...partsOf(of) }}
      className={classes.iconLink}
      aria-label={`The component ${service}`}
      title={`The component ${service}`}
    >
      <Box size={13} aria-hidden />
    </Link>
  );
}
