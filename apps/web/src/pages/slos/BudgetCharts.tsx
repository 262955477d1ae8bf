import type { ReactNode } from "react";

import { listDeployments } from "@roadbed/contracts/delivery";
import { listIncidents } from "@roadbed/contracts/telemetry";
import { getSloHistory, type Slo } from "@roadbed/contracts/telemetry/slos";
import { useOperation } from "../../api/use-operation.ts";
import { TimeSeries } from "../../charts/TimeSeries.tsx";
import { deploymentMarker, incidentMarker } from "../../observe/markers.ts";
import { Loaded } from "../../ui/Loaded.tsx";
import { Section } from "../../ui/Page.tsx";
import { Receipt } from "../../ui/Receipt.tsx";
import classes from "./slos.module.css";

const MARKED = 100;
const EVERY_MS = 60_000;

/** How the budget of the window went, and how fast; with what was deployed and what went wrong meanwhile. */
export function BudgetCharts({ of: { name, service, entityRef } }: { readonly of: Slo }): ReactNode {
  const history = useOperation(getSloHistory, { name }, { every: EVERY_MS });
  const incidents = useOperation(listIncidents, { service, limit: MARKED });
  const deployments = useOperation(listDeployments, { entityRef, limit: MARKED });
  const markers = [
    ...(deployments.data?.items ?? []).map(deploymentMarker),
    ...(incidents.data?.items ?? []).map((incident) => incidentMarker(incident, Date.now())),
  ];
  return (
    <Section title="Over the window">
      <Loaded query={history} skeleton={360}>
        {({ from, to, stepSeconds, steps, query }) => {
          const bounds = { from: Date.parse(from), to: Date.parse(to), stepMs: stepSeconds * 1_000, markers };
          const points = (pick: (step: (typeof steps)[number]) => number) =>
            steps.map((step) => ({ at: Date.parse(step.at), value: pick(step) }));
          return (
            <div className={classes.charts}>
              <TimeSeries
                {...bounds}
                title="Error budget left"
                head={
                  <span>
                    Error budget left{" "}
                    <Receipt
                      of="Error budget left"
                      definition="What of the window's budget was left after each step; a step without events is a gap."
                      source={`Counted minutes of ${name}`}
                      query={query}
                    />
                  </span>
                }
                series={[{ name: "left", area: true, points: points(({ left }) => Math.max(0, left)) }]}
                format={(value) => `${Math.round(value * 100)} %`}
              />
              <TimeSeries
                {...bounds}
                title="Burn rate"
                series={[{ name: "burns at", color: "var(--rb-series-fail)", points: points(({ rate }) => rate) }]}
                format={(value) => String(Math.round(value * 100) / 100)}
                height={120}
              />
            </div>
          );
        }}
      </Loaded>
    </Section>
  );
}
