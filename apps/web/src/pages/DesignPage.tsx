import { Button } from "@mantine/core";
import { Boxes } from "lucide-react";
import { useState, type ReactNode } from "react";

import { NotFoundError } from "@roadbed/core";
import { Sparkline } from "../charts/Sparkline.tsx";
import { TimeSeries } from "../charts/TimeSeries.tsx";
import type { Point } from "../charts/scale.ts";
import { formatBytes, formatMs, formatNumber, formatPercent, formatRate, formatShort } from "../format/number.ts";
import { GraphLegend } from "../graph/GraphLegend.tsx";
import { CodeBlock } from "../markdown/CodeBlock.tsx";
import { SchemaForm } from "../schema-form/SchemaForm.tsx";
import { withDefaults, type Schema, type Values } from "../schema-form/schema.ts";
import type { Column } from "../table/column.ts";
import { DataTable } from "../table/DataTable.tsx";
import { Actor } from "../ui/Actor.tsx";
import { Confirm } from "../ui/Confirm.tsx";
import { CopyText } from "../ui/Copy.tsx";
import { EmptyState } from "../ui/EmptyState.tsx";
import { EntityLink } from "../ui/EntityLink.tsx";
import { ErrorState } from "../ui/ErrorState.tsx";
import { Facts } from "../ui/Facts.tsx";
import { Figure, Figures } from "../ui/Figure.tsx";
import { Inline } from "../ui/Inline.tsx";
import { LogView } from "../ui/LogView.tsx";
import { Page, Panel, Section } from "../ui/Page.tsx";
import { Receipt } from "../ui/Receipt.tsx";
import { StateBadge, StateIcon } from "../ui/StateBadge.tsx";
import { SampleTag, Tag } from "../ui/Tag.tsx";
import { When } from "../ui/When.tsx";
import classes from "./design.module.css";

/** Our own few components, each shown with the rule it keeps. The rest is Mantine's. */
export function DesignPage(): ReactNode {
  return (
    <Page
      title="Design"
      state="Our own components on Mantine. One typeface, one accent, four state colours with icons, borders before shadows."
    >
      <Colours />
      <States />
      <Names />
      <FiguresShown />
      <Charts />
      <Tables />
      <Forms />
      <Emptiness />
      <Texts />
    </Page>
  );
}

function Shown({ rule, children }: { readonly rule: string; readonly children: ReactNode }): ReactNode {
  return (
    <Panel>
      <p className={classes.rule}>{rule}</p>
      {children}
    </Panel>
  );
}

const COLOURS = ["text", "dim", "accent", "ok", "warn", "fail", "unknown", "series-1", "series-2", "series-3", "series-4"] as const;

function Colours(): ReactNode {
  return (
    <Section title="Colours">
      <Shown rule="Two greys for text, one accent, one colour per state. All pass AA on both grounds. Charts take the series in order.">
        <ul className={classes.swatches}>
          {COLOURS.map((name) => (
            <li key={name}>
              <span style={{ background: `var(--rb-${name})` }} />
              {name}
            </li>
          ))}
        </ul>
      </Shown>
    </Section>
  );
}

const STATES = ["healthy", "degraded", "failing", "unknown", "running"] as const;

function States(): ReactNode {
  return (
    <Section title="StateBadge, StateIcon">
      <Shown rule="A state is colour, icon and word; never colour alone. The contracts' words map to five states in one table (ui/state.ts).">
        <div className={classes.row}>
          {STATES.map((word) => (
            <StateBadge key={word} word={word} title="Why it is so" />
          ))}
        </div>
        <div className={classes.row}>
          {STATES.map((word) => (
            <StateBadge key={word} word={word} plain />
          ))}
          {STATES.map((word) => (
            <StateIcon key={word} word={word} />
          ))}
        </div>
      </Shown>
    </Section>
  );
}

function Names(): ReactNode {
  const [now] = useState(() => Date.now());
  return (
    <Section title="EntityLink, Actor, Tag, When, CopyText, Inline, Facts">
      <Shown rule="Names lead to their page with the icon of their kind; what is named but missing says so. Times are relative, exact on hover.">
        <Facts
          of={[
            ["Component", <EntityLink key="a" entityRef="component:default/orders" />],
            ["Group", <EntityLink key="b" entityRef="group:default/team-a" />],
            [
              "Actors",
              <span key="g">
                <Actor of="system:relay" />, <Actor of="agent:reviewer" />
              </span>,
            ],
            ["Words with code", <Inline key="h" text="Set `spec.owner` to a group." />],
            ["Dangling", <EntityLink key="c" entityRef="api:default/gone" found={false} />],
            [
              "Tags",
              <span key="d">
                <Tag>node</Tag> <Tag>http</Tag> <SampleTag />
              </span>,
            ],
            [
              "Times",
              <span key="e">
                <When at={new Date(now - 40_000).toISOString()} />, <When at={new Date(now - 5 * 3_600_000).toISOString()} />
              </span>,
            ],
            ["To take away", <CopyText key="f" text="git clone http://localhost:4400/git/orders.git" what="clone command" />],
          ]}
        />
      </Shown>
    </Section>
  );
}

function FiguresShown(): ReactNode {
  return (
    <Section title="Figure, Receipt, numbers">
      <Shown rule="Every figure has a unit. No data is not zero. The mark beside a figure opens its source, definition and query.">
        <Figures>
          <Figure
            label="Requests"
            value={formatRate(12.34)}
            beside={
              <Receipt
                of="Requests"
                source="Server spans"
                definition="Server spans per second."
                query="select count() / 3600 from telemetry.span"
                rows="44 424 spans"
              />
            }
            note={<Sparkline points={wave(0)} stepMs={STEP_MS} label="Requests over the last hour" />}
          />
          <Figure label="Errors" value={formatPercent(0.0004)} />
          <Figure label="p95 latency" value={formatMs(1_312)} state="warn" />
          <Figure label="Cost" value={undefined} note="no price is known" />
          <Figure label="Loading" value={undefined} loading />
        </Figures>
        <p className={classes.rule}>
          {[formatNumber(1_234_567), formatShort(48_200), formatBytes(1_240_000), formatMs(0.42), formatMs(125_000)].join(" · ")}
        </p>
      </Shown>
    </Section>
  );
}

const STEP_MS = 60_000;
/** A fixed moment: the same picture every time. */
const BEGIN = Date.UTC(2026, 0, 6, 12);

function wave(phase: number): readonly Point[] {
  return Array.from({ length: 60 }, (_, index) => ({
    at: BEGIN + index * STEP_MS,
    value: index > 30 && index < 36 ? undefined : 3 + Math.sin(index / 6 + phase) * (1 + phase),
  }));
}

function Charts(): ReactNode {
  return (
    <Section title="TimeSeries">
      <Shown rule="The same axes and time everywhere, units always, deploys and incidents marked, gaps as gaps. The label says the chart in a sentence.">
        <TimeSeries
          title="Latency"
          series={[
            { name: "p50", points: wave(0), color: "var(--rb-series-2)" },
            { name: "p95", points: wave(1), color: "var(--rb-series-1)" },
          ]}
          from={BEGIN}
          to={BEGIN + 60 * STEP_MS}
          stepMs={STEP_MS}
          format={formatMs}
          markers={[
            { kind: "deploy", at: BEGIN + 12 * STEP_MS, label: "Deploy a1b2c3d" },
            { kind: "incident", at: BEGIN + 40 * STEP_MS, until: BEGIN + 50 * STEP_MS, label: "Orders time out" },
          ]}
        />
        <GraphLegend edges={RELATIONS} />
      </Shown>
    </Section>
  );
}

const RELATIONS = (["dependsOn", "consumesApi", "calls"] as const).map((type, at) => ({
  id: type,
  from: "a",
  to: "b",
  type,
  count: 1,
  origins: at === 0 ? (["declared", "observed"] as const) : at === 1 ? (["declared"] as const) : (["observed"] as const),
  calls: 10 ** at,
  errorShare: undefined,
  drift: 0,
}));

const ROWS = [
  { name: "orders", rate: 12.3, state: "healthy" },
  { name: "ledger", rate: 0.4, state: "degraded" },
  { name: "archive", rate: undefined, state: "unknown" },
] as const;
type Row = (typeof ROWS)[number];
const COLUMNS: readonly Column<Row>[] = [
  { id: "name", header: "Name", value: ({ name }) => name, cell: ({ name }) => <EntityLink entityRef={`component:default/${name}`} /> },
  { id: "state", header: "Health", value: ({ state }) => state, cell: ({ state }) => <StateBadge plain word={state} /> },
  {
    id: "rate",
    header: "Requests",
    align: "right",
    value: ({ rate }) => rate,
    cell: ({ rate }) => (rate === undefined ? null : formatRate(rate)),
  },
];

function Tables(): ReactNode {
  return (
    <Section title="DataTable">
      <Shown rule="Real tables: sorted by their headers, arrow keys between rows, sticky head, virtual beyond 200 rows; rows without a value sort last.">
        <DataTable label="Example" columns={COLUMNS} rows={ROWS} rowKey={({ name }) => name} sort="name" />
      </Shown>
    </Section>
  );
}

const SCHEMA: Schema = {
  required: ["name"],
  properties: {
    name: { type: "string", title: "Name", description: "Lower-case letters, digits and dashes.", default: "orders" },
    type: {
      type: "string",
      title: "Kind of service",
      enum: ["service", "ai-service"],
      enumNames: ["Service", "AI service"],
      default: "service",
    },
  },
  dependencies: {
    type: {
      oneOf: [
        { properties: { type: { enum: ["service"] } } },
        { properties: { type: { enum: ["ai-service"] }, residency: { type: "string", title: "Data residency", enum: ["eu", "us"] } } },
      ],
    },
  },
};

function Forms(): ReactNode {
  const [values, setValues] = useState<Values>(() => withDefaults(SCHEMA, {}));
  const [asking, setAsking] = useState(false);
  return (
    <Section title="SchemaForm, Confirm">
      <Shown rule="One column, from JSON Schema; the server checks while one types and its words stand beside the field. A dangerous act asks for the name.">
        <div className={classes.form}>
          <SchemaForm
            schema={SCHEMA}
            state={{
              values,
              problems:
                values["name"] === "orders"
                  ? [{ field: "name", reason: "component:default/orders is there already", mend: "Choose another name." }]
                  : [],
              touched: new Set(["name"]),
              onChange: setValues,
              onTouch: () => undefined,
            }}
          />
          <Button mt="md" variant="default" onClick={() => setAsking(true)}>
            A dangerous act
          </Button>
        </div>
        <Confirm
          opened={asking}
          onClose={() => setAsking(false)}
          title="Remove the source"
          what="Its 41 entities leave the catalogue. Nothing else changes."
          word="acme"
          act="Remove it"
          onConfirm={() => undefined}
        />
      </Shown>
    </Section>
  );
}

function Emptiness(): ReactNode {
  return (
    <Section title="EmptyState, ErrorState">
      <Shown rule="Both teach: what this is, why it is so, the one thing to do next.">
        <EmptyState icon={Boxes} title="The catalogue is empty" act={<Button>Bring yours</Button>}>
          Components, APIs and systems stand here as soon as a source was read.
        </EmptyState>
        <div className={classes.gap} />
        <ErrorState
          error={new NotFoundError("Entity", "component:default/ordrs", "Did you mean component:default/orders?")}
          retry={() => undefined}
        />
      </Shown>
    </Section>
  );
}

function Texts(): ReactNode {
  return (
    <Section title="CodeBlock, LogView">
      <Shown rule="Code in its colours, with a copy button. A log follows its end until one scrolls up.">
        <CodeBlock
          code={"apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: orders\n"}
          lang="yaml"
          label="Descriptor"
          numbers
        />
        <LogView
          title="Output"
          queryKey={["design"]}
          height={110}
          read={(after) => Promise.resolve({ lines: after > 0 ? [] : LINES, next: LINES.length, done: true })}
        />
      </Shown>
    </Section>
  );
}

const LINES = ["listening on :8080", "GET /orders 200 in 12 ms", "GET /orders/42 404 in 3 ms"].map((message, index) => ({
  seq: index + 1,
  at: new Date(BEGIN + index * 1_000).toISOString(),
  message,
  tone: index === 2 ? ("warn" as const) : undefined,
  source: "stdout",
}));
