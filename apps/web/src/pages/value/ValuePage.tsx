import { NumberInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState, type ReactNode } from "react";

import { estimateStatusQuo, firstYear, modelValue } from "@roadbed/contracts/product/value";
import type { InputOf } from "@roadbed/core";
import { useOperation } from "../../api/use-operation.ts";
import { formatPercent, formatShort } from "../../format/number.ts";
import { Figure, Figures } from "../../ui/Figure.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { Drivers } from "./Drivers.tsx";
import { FanChart } from "./FanChart.tsx";
import classes from "./value.module.css";

/** A number on the page; each stands for a range of a quarter below to a quarter above. */
interface Field {
  readonly key: string;
  readonly label: string;
  readonly value: number;
  readonly step?: number;
}

const LOST: readonly Field[] = [
  { key: "developers", label: "Developers", value: 50 },
  { key: "rate", label: "An hour's cost", value: 70 },
  { key: "affected", label: "Affected, %", value: 75 },
  { key: "waiting", label: "Hours a week, waiting", value: 3, step: 0.5 },
  { key: "toil", label: "Hours a week, by hand", value: 3, step: 0.5 },
  { key: "recoverable", label: "Can be won back, %", value: 40 },
];
const MODEL: readonly Field[] = [
  { key: "once", label: "Cost at once", value: 200_000, step: 10_000 },
  { key: "monthly", label: "Cost of a month", value: 60_000, step: 5_000 },
  { key: "cash", label: "Invoices that fall, a month", value: 70_000, step: 5_000 },
  { key: "capacity", label: "Hours won, a month", value: 80_000, step: 5_000 },
  { key: "attribution", label: "Due to the platform, %", value: 80 },
  { key: "reach", label: "Adopted after two years, %", value: 60 },
];
const WAIT_MS = 400;

/** What changing nothing costs, what five years of a platform may bring, and what would have to be true. */
export function ValuePage(): ReactNode {
  return (
    <Page
      title="Value"
      state="What it costs to change nothing, and what a platform may be worth: as ranges. The numbers are examples until you put in yours; nothing is stored."
    >
      <StatusQuo />
      <FiveYears />
      <FirstYear />
    </Page>
  );
}

/** Nobody knows these better than by a quarter. */
function around(value: number): { low: number; likely: number; high: number } {
  return { low: value * 0.75, likely: value, high: value * 1.25 };
}

function shareAround(percent: number): { low: number; likely: number; high: number } {
  const { low, likely, high } = around(Math.min(100, percent) / 100);
  return { low, likely, high: Math.min(1, high) };
}

function useFields(fields: readonly Field[]): readonly [Readonly<Record<string, number>>, ReactNode] {
  const [values, setValues] = useState<Readonly<Record<string, number>>>(Object.fromEntries(fields.map(({ key, value }) => [key, value])));
  const [settled] = useDebouncedValue(values, WAIT_MS);
  const inputs = (
    <div className={classes.form}>
      {fields.map(({ key, label, step = 1 }) => (
        <NumberInput
          key={key}
          size="xs"
          label={label}
          min={0}
          step={step}
          thousandSeparator=" "
          value={values[key] ?? 0}
          onChange={(next) => setValues({ ...values, [key]: typeof next === "number" ? next : 0 })}
        />
      ))}
    </div>
  );
  return [settled, inputs];
}

function StatusQuo(): ReactNode {
  const [values, inputs] = useFields(LOST);
  const cause = (name: string, hours: number): InputOf<typeof estimateStatusQuo>["causes"][number] => ({
    name,
    affected: shareAround(values["affected"]!),
    hours: around(Math.min(48, hours)),
    recoverable: shareAround(values["recoverable"]!),
  });
  const query = useOperation(
    estimateStatusQuo,
    {
      developers: Math.max(1, Math.round(values["developers"]!)),
      rate: around(values["rate"]!),
      causes: [cause("waiting", values["waiting"]!), cause("by hand", values["toil"]!)],
    },
    { keep: true },
  );
  return (
    <Section title="What it costs to change nothing">
      {inputs}
      <Loaded query={query} skeleton={200}>
        {({ hours, cost, recoverable, drivers, says, currency }) => (
          <>
            <Figures>
              <SpreadFigure label="Hours lost a year" of={hours} />
              <SpreadFigure label={`Cost a year, ${currency}`} of={cost} />
              <SpreadFigure label={`Could be won back, ${currency}`} of={recoverable} />
            </Figures>
            <p>{says}</p>
            <Drivers of={drivers} label="What moves it most" />
          </>
        )}
      </Loaded>
    </Section>
  );
}

function FiveYears(): ReactNode {
  const [values, inputs] = useFields(MODEL);
  const attribution = shareAround(values["attribution"]!);
  const query = useOperation(
    modelValue,
    {
      once: around(values["once"]!),
      monthly: around(values["monthly"]!),
      adoption: [
        { month: 0, share: 0 },
        { month: 24, share: Math.min(1, values["reach"]! / 100) },
      ],
      benefits: [
        { name: "invoices that fall", kind: "cash", monthly: around(values["cash"]!), attribution },
        { name: "hours won", kind: "capacity", monthly: around(values["capacity"]!), attribution, hours: "all" },
      ],
    },
    { keep: true },
  );
  return (
    <Section title="Five years of a platform">
      {inputs}
      <Loaded query={query} skeleton={420}>
        {({ worth, withCapacity, breakEven, months, drivers, neededFactor, says, currency }) => (
          <>
            <FanChart of={months} label={`Won less spent, discounted, ${currency}`} />
            <Figures>
              <SpreadFigure label="Worth in five years" of={worth} />
              <SpreadFigure label="The same with hours won, at half" of={withCapacity} />
              <Figure label="Draws that pay back" value={formatPercent(breakEven.chance)} />
              <Figure
                label="To break even"
                value={neededFactor === undefined ? "nothing would help" : `${neededFactor.toPrecision(2)} times`}
                note={neededFactor === undefined ? "nothing is won" : "the benefits that were put in"}
              />
            </Figures>
            <p>{says}</p>
            <Drivers of={drivers} label="What moves it most" />
          </>
        )}
      </Loaded>
    </Section>
  );
}

function FirstYear(): ReactNode {
  const query = useOperation(firstYear, {});
  return (
    <Section title="DORA's calculator, with DORA's own numbers">
      <Loaded query={query} skeleton={100}>
        {({ investment, value, downtime, returnOnInvestment, paybackYears, says }) => (
          <>
            <Figures>
              <Figure label="Invested in the first year" value={formatShort(investment)} />
              <Figure label="Value" value={formatShort(value)} note={`downtime ${formatShort(downtime)}`} />
              <Figure label="Return" value={returnOnInvestment === undefined ? undefined : formatPercent(returnOnInvestment)} />
              <Figure label="Pays back in" value={paybackYears === undefined ? undefined : `${paybackYears.toFixed(1)} years`} />
            </Figures>
            <p className="rb-dim">{says}</p>
          </>
        )}
      </Loaded>
    </Section>
  );
}

function SpreadFigure({
  label,
  of,
}: {
  readonly label: string;
  readonly of: { readonly p10: number; readonly p50: number; readonly p90: number };
}): ReactNode {
  return (
    <Figure
      label={label}
      value={`${formatShort(of.p10)} to ${formatShort(of.p90)}`}
      note={`middle ${formatShort(of.p50)}; eight of ten draws`}
    />
  );
}
