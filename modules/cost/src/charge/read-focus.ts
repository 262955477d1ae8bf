import { InvalidError } from "@roadbed/core";
import { parse } from "csv-parse/sync";

import { parseDecimal, type Decimal } from "./decimal.ts";
import { isStray, versionOf, type FocusVersion } from "./focus-columns.ts";

/** A row of cost that counts. */
export interface Charge {
  readonly line: number;
  readonly currency: string;
  /** The first day of its billing period, UTC. */
  readonly billingPeriod: string;
  readonly billed: Decimal;
  readonly effective: Decimal;
  readonly list: Decimal | undefined;
  readonly contracted: Decimal | undefined;
}

export interface Finding {
  readonly line: number;
  readonly column: string;
  /** False: the row is no charge. */
  readonly counts: boolean;
  readonly reason: string;
  readonly mend: string;
}

export interface FocusFile {
  readonly version: FocusVersion;
  readonly rows: number;
  readonly charges: readonly Charge[];
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
}

type Row = Readonly<Record<string, string>>;

/** Without these a row is no charge. */
const NEEDED = ["BilledCost", "EffectiveCost", "BillingCurrency", "BillingPeriodStart", "ChargePeriodStart"] as const;
const CATEGORIES: ReadonlySet<string> = new Set(["Usage", "Purchase", "Tax", "Credit", "Adjustment"]);
const MOMENT = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.\d+)?(Z|[+-]\d{2}:\d{2})?)?$/;

/** Reads an export in FOCUS columns. Throws `InvalidError` where the file as a whole cannot be read. */
export function readFocus(text: string): FocusFile {
  const { columns, rows } = readTable(text);
  const missing = NEEDED.filter((column) => !columns.includes(column));
  if (missing.length > 0)
    throw new InvalidError(`The file has no column ${missing.join(", ")}.`, {
      mend: "Export it in FOCUS columns: names are written exactly as in the specification, in the first line.",
    });
  const seen = { nullWord: 0, zoneless: 0 };
  const charges: Charge[] = [];
  const findings: Finding[] = [];
  for (const { line, record } of rows) {
    const found = readRow(line, record, columns, seen);
    findings.push(...found.findings);
    if (found.charge !== undefined) charges.push(found.charge);
  }
  return { version: versionOf(columns), rows: rows.length, charges, findings, notes: notesOf(columns, seen) };
}

function readTable(text: string): { columns: readonly string[]; rows: readonly { line: number; record: Row }[] } {
  let columns: readonly string[] = [];
  try {
    const parsed = parse(text, {
      bom: true,
      info: true,
      skip_empty_lines: true,
      columns: (header: string[]) => {
        columns = header.map((name) => name.trim());
        return [...columns];
      },
    }) as unknown as readonly { record: Row; info: { lines: number } }[];
    // The reader counts the line on which a row ends; a row with line breaks inside quotes began further up.
    const rows = parsed.map(({ record, info }) => ({ line: info.lines - breaksIn(record), record }));
    return { columns, rows };
  } catch (error) {
    if (error instanceof InvalidError) throw error;
    throw new InvalidError(`The file is no table: ${error instanceof Error ? error.message : String(error)}`, {
      mend: "Send CSV with a comma between fields, the same number of fields in each row, and quotes around fields that hold a comma.",
    });
  }
}

function breaksIn(record: Row): number {
  return Object.values(record).reduce((sum, value) => sum + (value.split("\n").length - 1), 0);
}

function readRow(
  line: number,
  row: Row,
  columns: readonly string[],
  seen: { nullWord: number; zoneless: number },
): { charge: Charge | undefined; findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const say = (column: string, counts: boolean, reason: string, mend: string): void =>
    void findings.push({ line, column, counts, reason, mend });
  const field = (column: string): string => {
    const value = (row[column] ?? "").trim();
    if (value.toUpperCase() !== "NULL") return value;
    seen.nullWord++;
    return "";
  };
  const amount = (column: string, needed: boolean): Decimal | undefined => {
    if (!columns.includes(column)) return undefined;
    const value = field(column);
    const decimal = parseDecimal(value);
    if (decimal !== undefined) return decimal;
    const reason = value === "" ? `${column} is empty, and FOCUS says it must not be.` : `${column} is no number: ${short(value)}.`;
    const rest = needed ? "This row is not counted until then." : "The row counts; it is missing in this one total.";
    say(column, !needed, reason, `Export the row again with its ${column} as a plain decimal (0 where it is nothing). ${rest}`);
    return undefined;
  };
  const moment = (column: string): string | undefined => {
    const value = field(column);
    const found = MOMENT.exec(value);
    const [, day = "", time = "00:00", zone] = found ?? [];
    const at = new Date(`${day}T${time}${zone ?? "Z"}`);
    if (found === null || Number.isNaN(at.getTime()) || !realDay(day)) {
      const reason = value === "" ? `${column} is empty.` : `${column} is no instant: ${short(value)}.`;
      say(column, false, reason, "Write it as 2026-01-31T00:00:00Z: other orders of day and month cannot be told apart.");
      return undefined;
    }
    if (zone === undefined) seen.zoneless++;
    return at.toISOString();
  };

  const billed = amount("BilledCost", true);
  const effective = amount("EffectiveCost", true);
  const list = amount("ListCost", false);
  const contracted = amount("ContractedCost", false);
  const currency = field("BillingCurrency");
  if (!/^[A-Z]{3}$/.test(currency))
    say(
      "BillingCurrency",
      false,
      `BillingCurrency is no currency: ${short(currency)}.`,
      "Give the three capital letters of ISO 4217, e.g. EUR.",
    );
  const period = moment("BillingPeriodStart");
  const from = moment("ChargePeriodStart");
  if (columns.includes("ChargeCategory")) {
    const category = field("ChargeCategory");
    if (!CATEGORIES.has(category))
      say(
        "ChargeCategory",
        true,
        `ChargeCategory is none of FOCUS: ${short(category)}.`,
        `Say one of ${[...CATEGORIES].join(", ")}. The row counts.`,
      );
  }
  const tags = columns.includes("Tags") ? tagTrouble(field("Tags")) : undefined;
  if (tags !== undefined) say("Tags", true, tags, "Mend the tag where the resource is made. The row counts; its other tags are read.");

  const countable = billed !== undefined && effective !== undefined && period !== undefined && from !== undefined;
  if (!countable || findings.some(({ counts }) => !counts)) return { charge: undefined, findings };
  return { charge: { line, currency, billingPeriod: period.slice(0, 10), billed, effective, list, contracted }, findings };
}

function tagTrouble(text: string): string | undefined {
  if (text === "") return undefined;
  let tags: unknown;
  try {
    tags = JSON.parse(text);
  } catch {
    return "Tags are no JSON.";
  }
  if (typeof tags !== "object" || tags === null || Array.isArray(tags)) return "Tags are no object of keys and values.";
  const padded = Object.keys(tags).find((key) => key !== key.trim());
  return padded === undefined ? undefined : `A tag's key has a space around it: ${JSON.stringify(padded)}.`;
}

function realDay(day: string): boolean {
  const at = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().slice(0, 10) === day;
}

function notesOf(columns: readonly string[], seen: { readonly nullWord: number; readonly zoneless: number }): readonly string[] {
  const stray = columns.filter(isStray);
  const absent = ["ListCost", "ContractedCost", "ChargeCategory"].filter((column) => !columns.includes(column));
  return [
    ...(stray.length === 0 ? [] : [`Not in FOCUS, and not read: ${stray.join(", ")}. A column of your own begins with x_.`]),
    ...(absent.length === 0 ? [] : [`The file has no column ${absent.join(", ")}.`]),
    ...(seen.nullWord === 0
      ? []
      : [`The word NULL stands for an empty field ${seen.nullWord} times in what is read; it is read as empty.`]),
    ...(seen.zoneless === 0 ? [] : [`${seen.zoneless} instants say no zone; they are read as UTC, as FOCUS has it.`]),
  ];
}

function short(value: string): string {
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
}
