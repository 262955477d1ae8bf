import type { ListedMeasure, MeasureDefinition, MeasureStatus, MeasureValue } from "@roadbed/contracts/product/measures";
import { formatCount, formatPercent } from "../../format/number.ts";
import type { State } from "../../ui/state.ts";

type Unit = MeasureDefinition["unit"];

/** Hours in the unit one thinks in: `35 min`, `7.5 h`, `3.2 days`. */
export function hoursWords(hours: number): string {
  if (hours < 1) return `${Math.round(hours * 60)} min`;
  if (hours < 48) return `${Number(hours.toPrecision(2))} h`;
  return `${Number((hours / 24).toPrecision(hours < 240 ? 2 : 3))} days`;
}

export function valueWords(unit: Unit, value: number | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (unit === "hours") return hoursWords(value);
  return unit === "share" ? formatPercent(value) : `${Number(value.toPrecision(2))} per week`;
}

/** What a value may be instead, as far as is known. */
export function intervalWords(unit: Unit, { value, lower, upper }: MeasureValue): string | undefined {
  if (lower === undefined) return undefined;
  const short = (edge: number): string => valueWords(unit, edge)!.replace(" per week", "");
  if (upper === undefined) return `more than ${short(lower)}`;
  return value === undefined && lower === upper ? undefined : `${short(lower)} to ${short(upper)}`;
}

const STATUS: Readonly<Record<MeasureStatus, { readonly label: string; readonly state: State }>> = {
  ok: { label: "enough rows", state: "ok" },
  low_n: { label: "too few rows", state: "warn" },
  suppressed: { label: "hidden: too few people", state: "unknown" },
  stale: { label: "nothing new", state: "warn" },
  not_instrumented: { label: "not told", state: "unknown" },
  no_data: { label: "nothing happened", state: "unknown" },
};

export function statusWords(status: MeasureStatus): { readonly label: string; readonly state: State } {
  return STATUS[status];
}

/** The page's one question, answered as far as is known. */
export function answerOf(measures: readonly ListedMeasure[], things: number): string {
  const of = (name: ListedMeasure["measure"]): ListedMeasure | undefined => measures.find(({ measure }) => measure === name);
  const [lead, fail] = [of("change-lead-time")?.value, of("change-fail-rate")?.value];
  const parts = [
    lead?.value === undefined
      ? "How long changes take is not known"
      : `Half of all changes are with users within ${hoursWords(lead.value)}`,
    fail?.value === undefined
      ? "how often deployments fail is not known"
      : `${fail.numerator} of ${formatCount(fail.denominator ?? 0, "deployment")} needed somebody at once`,
  ];
  return `${parts.join("; ")}. ${formatCount(things, "component")}.`;
}
