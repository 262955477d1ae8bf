import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { getSlo, type Slo } from "@roadbed/contracts/telemetry/slos";
import type { OutputOf } from "@roadbed/core";
import { useOperation } from "../../api/use-operation.ts";
import { formatNumber, formatShort } from "../../format/number.ts";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { Figure, Figures } from "../../ui/Figure.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Page, Panel, Section } from "../../ui/Page.tsx";
import { Receipt } from "../../ui/Receipt.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { SampleTag } from "../../ui/Tag.tsx";
import { When } from "../../ui/When.tsx";
import { BudgetCharts } from "./BudgetCharts.tsx";
import { Rules } from "./Rules.tsx";
import classes from "./slos.module.css";
import { indicatorWords, leftWords, periodWords, shareWords } from "./words.ts";

const route = getRouteApi("/app/slos/$name");
const EVERY_MS = 30_000;
type Shown = OutputOf<typeof getSlo>;

/** One objective: what is left, how it went, what alerts, what it costs. */
export function SloPage(): ReactNode {
  const { name } = route.useParams();
  const query = useOperation(getSlo, { name }, { every: EVERY_MS });
  const trail = <Link to="/slos">Objectives</Link>;
  if (query.data === undefined) {
    return (
      <Page title={name} trail={trail}>
        {query.error === null ? <SkeletonRows rows={8} /> : <ErrorState error={query.error} retry={() => void query.refetch()} />}
      </Page>
    );
  }
  const slo = query.data;
  return (
    <Page
      title={slo.title}
      trail={trail}
      state={
        <>
          <StateBadge word={slo.state} /> {slo.why} {slo.sample && <SampleTag />}
        </>
      }
    >
      <Headline of={slo} />
      <BudgetCharts of={slo} />
      <Section title="Alerts">
        <Rules of={slo.rules} />
      </Section>
      <div className={classes.split}>
        <Section title="What it costs">
          <Cost of={slo} />
        </Section>
        <Section title="What is promised">
          <About of={slo} />
        </Section>
      </div>
      <Section title="As code">
        <Panel flush>
          <pre className={classes.text} tabIndex={0} aria-label="The definition">
            {slo.text}
          </pre>
        </Panel>
      </Section>
    </Page>
  );
}

function Headline({ of: slo }: { readonly of: Shown }): ReactNode {
  const { figures } = slo;
  const some = figures !== undefined && figures.total > 0;
  const hour = figures?.burn.find(({ window }) => window === "1h");
  const receipt = (of: string, definition: string, query: string): ReactNode => (
    <Receipt
      of={of}
      definition={definition}
      source={`Telemetry of ${slo.service}, ${periodWords(slo)}, counted by the minute`}
      at={figures?.at}
      rows={figures === undefined ? undefined : `${formatNumber(figures.total)} events`}
      query={query}
    />
  );
  return (
    <Figures>
      <Figure
        label="Error budget"
        value={leftWords(figures?.remaining)}
        state={(figures?.remaining ?? 1) <= 0 ? "fail" : (figures?.remaining ?? 1) < 0.25 ? "warn" : undefined}
        beside={receipt("Error budget", "1 - failed / ((1 - target) × events): what may still fail in this window.", slo.query)}
        note={
          figures?.allowed === undefined
            ? undefined
            : `${formatNumber(figures.bad)} of ${formatShort(figures.allowed)} that may have failed`
        }
      />
      <Figure
        label="Good"
        value={some && figures.ratio !== undefined ? shareWords(figures.ratio) : undefined}
        beside={receipt("Good", `${indicatorWords(slo.indicator, slo.service)}.`, slo.countedBy)}
        note={
          figures?.interval === undefined
            ? undefined
            : `truly ${shareWords(figures.interval.low)} to ${shareWords(figures.interval.high)}, 95 of 100 times`
        }
      />
      <Figure
        label="Burns at"
        value={hour?.rate === undefined ? undefined : String(Math.round(hour.rate * 100) / 100)}
        state={(hour?.rate ?? 0) > 1 ? "warn" : undefined}
        beside={receipt(
          "Burn rate",
          "Share that failed in the last hour / share that may. 1 uses the budget up at the end of the window.",
          slo.query,
        )}
        note={hour === undefined ? undefined : `last hour, ${formatNumber(hour.total)} events`}
      />
      <Figure
        label="Used up"
        value={
          figures?.remaining !== undefined && figures.remaining <= 0 ? (
            "already"
          ) : figures?.exhaustedAt === undefined ? (
            figures?.remaining === undefined ? undefined : (
              "not in this window"
            )
          ) : (
            <When at={figures.exhaustedAt} />
          )
        }
        note="if it goes on as in the last hour"
      />
      <Figure
        label="Events"
        value={some ? formatNumber(figures.total) : undefined}
        note={figures?.lastEventAt === undefined ? "none came" : <>last one {<When at={figures.lastEventAt} />}</>}
      />
    </Figures>
  );
}

function Cost({ of: { cost, target, ...slo } }: { readonly of: Shown }): ReactNode {
  const { minutes, events, nextNine, afterDeployments, otherwise } = cost;
  return (
    <Facts
      of={[
        [`${shareWords(target)} allows`, `${minutesWords(minutes)} of complete failure in ${periodWords(slo)}`],
        ["At its traffic", events === undefined ? undefined : `${formatNumber(events)} failed events`],
        [`${shareWords(nextNine.target)} would allow`, minutesWords(nextNine.minutes)],
        ["With that one more nine", nextNine.remaining === undefined ? undefined : (leftWords(nextNine.remaining) ?? "")],
        ["Failed within an hour after a deployment", afterDeployments === undefined ? undefined : formatNumber(afterDeployments)],
        ["Failed otherwise", otherwise === undefined ? undefined : formatNumber(otherwise)],
      ]}
    />
  );
}

function minutesWords(minutes: number): string {
  if (minutes >= 120) return `${Math.round(minutes / 6) / 10} hours`;
  return minutes < 1 ? `${Math.round(minutes * 60)} seconds` : `${minutes} minutes`;
}

function About({ of: slo }: { readonly of: Slo }): ReactNode {
  return (
    <Facts
      of={[
        ["Counts", indicatorWords(slo.indicator, slo.service)],
        ["Of", <EntityLink key="entity" entityRef={slo.entityRef} tab="signals" />],
        [
          "Signals",
          <Link key="signals" to="/observe/services/$service" params={{ service: slo.service }}>
            {slo.service}
          </Link>,
        ],
        ["Owner", slo.owner === undefined ? undefined : <EntityLink key="owner" entityRef={slo.owner} />],
        ["In", slo.environment ?? "every environment"],
        ["Judged from", `${formatNumber(slo.minimumEvents)} events on`],
        ["Stands in", slo.definedIn === undefined ? undefined : `${slo.definedIn.path} of ${slo.definedIn.repository}`],
        ["Says", slo.description],
        ["Changed", <When key="changed" at={slo.changedAt} />],
      ]}
    />
  );
}
