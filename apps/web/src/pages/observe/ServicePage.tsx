import { Button } from "@mantine/core";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Box, Siren } from "lucide-react";
import type { ReactNode } from "react";

import { getService, type ServiceRow } from "@roadbed/contracts/telemetry";
import { Calls } from "../../observe/Calls.tsx";
import classes from "../../observe/observe.module.css";
import { ServiceSignals } from "../../observe/ServiceSignals.tsx";
import { useComponents } from "../../observe/use-components.ts";
import { useWindowed } from "../../observe/use-windowed.ts";
import { partsOf } from "../../ui/entity-kind.ts";
import { Page } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { SampleTag } from "../../ui/Tag.tsx";

const route = getRouteApi("/app/observe/services/$service");

/** One service: how it does, what it is asked, who calls it and whom it calls. */
export function ServicePage(): ReactNode {
  const { service } = route.useParams();
  const { range } = route.useSearch();
  const navigate = route.useNavigate();
  const go = useNavigate();
  const { data } = useWindowed(getService, { service }, range);
  const component = useComponents().get(service);
  return (
    <Page
      title={service}
      trail={<Link to="/observe">Services</Link>}
      state={data !== undefined && <Health of={data.summary} />}
      act={
        <>
          {component !== undefined && (
            <Button
              variant="default"
              leftSection={<Box size={14} aria-hidden />}
              onClick={() => void go({ to: "/entities/$kind/$namespace/$name", params: { ...partsOf(component.ref) } })}
            >
              Open the component
            </Button>
          )}
          <Button
            variant="default"
            leftSection={<Siren size={14} aria-hidden />}
            onClick={() => void go({ to: "/incidents", search: { declare: service } })}
          >
            Declare an incident
          </Button>
        </>
      }
    >
      <ServiceSignals
        service={service}
        entityRef={component?.ref}
        range={range}
        onRange={(value) => void navigate({ search: value === "1h" ? {} : { range: value }, replace: true })}
        afterOperations={<Calls service={service} range={range} />}
      />
    </Page>
  );
}

function Health({ of: { health, why, sample } }: { readonly of: ServiceRow }): ReactNode {
  return (
    <span className={classes.health}>
      <StateBadge word={health} /> {why} {sample && <SampleTag />}
    </span>
  );
}
