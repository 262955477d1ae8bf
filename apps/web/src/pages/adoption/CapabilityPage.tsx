import { Button, Modal } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";

import { getMe } from "@roadbed/contracts/identity";
import { getCapability, listMandates, type Push } from "@roadbed/contracts/product/adoption";
import type { AdoptionMeasure, MeasureValue } from "@roadbed/contracts/product/measures";
import type { OutputOf } from "@roadbed/core";
import { useOperation } from "../../api/use-operation.ts";
import { TimeSeries, type Series } from "../../charts/TimeSeries.tsx";
import { formatCount, formatNumber, formatPercent } from "../../format/number.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { Figure, Figures } from "../../ui/Figure.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { intervalWords, valueWords } from "../insights/words.ts";
import { mayScope } from "../settings/scopes.ts";
import { AdoptionBar, AdoptionLegend } from "./AdoptionBar.tsx";
import classes from "./adoption.module.css";
import { CapabilityTeams } from "./CapabilityTeams.tsx";
import { PushForm } from "./PushForm.tsx";

const route = getRouteApi("/app/adoption/$name");
const MONTH = 28 * 86_400_000;
type Shown = OutputOf<typeof getCapability>;

const FIGURES: readonly (readonly [keyof Shown["figures"], string, AdoptionMeasure])[] = [
  ["breadth", "Breadth", "adoption-breadth"],
  ["voluntary", "By choice", "voluntary-adoption"],
  ["free", "By choice, where free", "free-adoption"],
  ["depth", "Depth", "adoption-depth"],
  ["bypass", "Past it", "bypass-rate"],
  ["retention", "Still there after 12 weeks", "adoption-retention"],
  ["pull", "Came by themselves", "pull-index"],
];

/** One capability: how broad, how deep, how freely and how lastingly it is used, and by whom not. */
export function CapabilityPage(): ReactNode {
  const { name } = route.useParams();
  const { only } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useOperation(getCapability, { name }, { keep: true });
  return (
    <Page
      title={query.data?.capability.title ?? name}
      trail={<Link to="/adoption">Adoption</Link>}
      state={query.data === undefined ? "Counting…" : `${query.data.capability.about} ${stateOf(query.data)}`}
    >
      <Loaded query={query} skeleton={480}>
        {(shown) => (
          <>
            <AdoptionBar title="Eligible teams" counts={shown.counts} />
            <AdoptionLegend />
            <div className={classes.picture}>
              <Figures>
                {FIGURES.map(([key, label, measure]) => (
                  <ShareFigure key={key} of={shown.figures[key]} label={label} measure={measure} />
                ))}
              </Figures>
            </div>
            <Curve of={shown} />
            <CapabilityTeams
              name={name}
              only={only}
              onOnly={(next) => void navigate({ search: next === undefined ? {} : { only: next } })}
            />
            <Pushes capability={name} />
            <HowCounted of={shown} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function stateOf({ counts, daysTo }: Shown): string {
  const half = daysTo.find(({ share }) => share === 0.5)?.days;
  const reached = half === undefined ? "" : ` Half had adopted it ${formatCount(half, "day")} after the first.`;
  return `${counts.active} of ${formatCount(counts.eligible, "eligible team")} use it.${reached}`;
}

function ShareFigure({
  of,
  label,
  measure,
}: {
  readonly of: MeasureValue;
  readonly label: string;
  readonly measure: AdoptionMeasure;
}): ReactNode {
  const counted =
    of.numerator === undefined ? of.why : `${of.numerator} of ${of.denominator}; ${intervalWords("share", of) ?? "no interval"}`;
  return (
    <Figure
      label={label}
      value={valueWords("share", of.value)}
      note={counted}
      beside={
        <Link to="/measures/$measure" params={{ measure }} title="How it is made" aria-label={`How ${label} is made`}>
          ?
        </Link>
      }
    />
  );
}

function Curve({ of: { curve, counts } }: { readonly of: Shown }): ReactNode {
  if (counts.eligible === 0) return null;
  const line = (name: string, of: (one: Shown["curve"][number]) => number | undefined, color?: string): Series => ({
    name,
    points: curve.map((one) => ({ at: Date.parse(one.from), value: of(one) })),
    ...(color !== undefined && { color }),
  });
  const promised = line("promised", ({ promised: share }) => share, "var(--rb-unknown)");
  return (
    <TimeSeries
      title="Share of today's eligible teams, every four weeks"
      series={[
        line("had adopted", ({ adopted }) => adopted / counts.eligible),
        line("active", ({ active }) => active / counts.eligible),
        ...(curve.some((one) => one.promised !== undefined) ? [promised] : []),
      ]}
      from={Date.parse(curve[0]!.from)}
      to={Date.parse(curve.at(-1)!.from)}
      stepMs={MONTH}
      format={formatPercent}
      height={220}
    />
  );
}

const COLUMNS: readonly Column<Push>[] = [
  { id: "kind", header: "What", width: "110px", cell: ({ kind }) => (kind === "mandate" ? "must" : "was asked") },
  {
    id: "scope",
    header: "Who",
    width: "200px",
    cell: ({ scope }) => (scope === "*" ? "everybody" : <EntityLink entityRef={scope} kind="group" />),
  },
  { id: "at", header: "Announced", width: "112px", cell: ({ at }) => at },
  { id: "enforced", header: "Enforced", width: "112px", cell: ({ enforcedAt }) => enforcedAt ?? "" },
  { id: "ended", header: "Ended", width: "112px", cell: ({ endedAt }) => endedAt ?? "" },
  { id: "why", header: "Why", cell: ({ why }) => <span title={why}>{why}</span> },
];

function Pushes({ capability }: { readonly capability: string }): ReactNode {
  const [writing, setWriting] = useState(false);
  const me = useOperation(getMe, {});
  const writes = me.data !== undefined && mayScope(me.data.scopes, "product:write");
  const list = useOperation(listMandates, { capability, limit: 100 });
  return (
    <Section
      title="Mandates and invitations"
      act={
        writes && (
          <Button size="xs" variant="default" onClick={() => setWriting(true)}>
            Write one down
          </Button>
        )
      }
    >
      <DataTable
        label="Mandates and invitations"
        columns={COLUMNS}
        rows={list.data?.items ?? []}
        rowKey={({ id }) => id}
        loading={list.data === undefined}
        empty={<EmptyState compact title="None is written down" />}
      />
      <Modal opened={writing} onClose={() => setWriting(false)} title="Who must use it, or was asked to">
        <PushForm capability={capability} onClose={() => setWriting(false)} />
      </Modal>
    </Section>
  );
}

function HowCounted({ of: { capability, usage, past, builtIn } }: { readonly of: Shown }): ReactNode {
  const faces = usage.faces.map(({ face, events }) => `${face} ${formatNumber(events)}`).join(", ");
  return (
    <Section title="How it is counted">
      <Facts
        of={[
          ["Counts as use", <code key="actions">{capability.actions.join(", ")}</code>],
          ["Applies to", capability.appliesTo === "" ? "every team that owns a component" : <code key="rule">{capability.appliesTo}</code>],
          ["Work that should go through it", capability.work ?? "not said"],
          ["Went past it", past.map(({ source, n, teams }) => `${source}: ${n} of ${formatCount(teams, "team")}`).join("; ")],
          [
            "Uses in 28 days",
            `${formatNumber(usage.events)}, ${formatNumber(usage.automated)} of them by machines; ${formatNumber(usage.failed)} more failed`,
          ],
          ["By", faces],
          ["Defined", builtIn ? "as it comes with Roadbed" : "here"],
        ]}
      />
    </Section>
  );
}
