import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import { add, formatDecimal, parseDecimal } from "./decimal.ts";
import { versionOf } from "./focus-columns.ts";
import { readFocus } from "./read-focus.ts";
import { totalCharges } from "./total-charges.ts";

const fixture = (name: string): string => readFileSync(new URL(`../../fixtures/focus/${name}`, import.meta.url), "utf8");
const HEADER = "BilledCost,EffectiveCost,ListCost,ContractedCost,BillingCurrency,BillingPeriodStart,ChargePeriodStart,ChargeCategory,Tags";
const file = (...rows: string[]): string => [HEADER, ...rows].join("\n");

describe("the sample of FOCUS", () => {
  const read = readFocus(fixture("focus_sample.csv"));
  const expected = JSON.parse(fixture("focus_sample_expected.json")) as { rows: number; sum: Record<string, string> };
  const sum = (of: "billed" | "effective" | "list" | "contracted"): string => {
    const parts = totalCharges(read.charges).flatMap((total) => total[of] ?? []);
    return formatDecimal(parts.reduce(add, { units: 0n, scale: 0 }));
  };

  test("comes to its totals to the last digit, with every row counted", () => {
    expect(read.rows).toBe(expected.rows);
    expect(read.charges).toHaveLength(expected.rows);
    expect({
      BilledCost: sum("billed"),
      EffectiveCost: sum("effective"),
      ListCost: sum("list"),
      ContractedCost: sum("contracted"),
    }).toEqual(expected.sum);
  });

  test("is two billing periods, and each says how many rows are not in its contracted total", () => {
    const periods = totalCharges(read.charges).map(({ billingPeriod, rows, withoutContracted }) => [
      billingPeriod,
      rows,
      withoutContracted,
    ]);
    expect(periods).toEqual([
      ["2024-09-01", 999, 6],
      ["2024-10-01", 1, 1],
    ]);
  });

  test("has seven rows without the contracted cost, each found by its line", () => {
    const found = read.findings.filter(({ column }) => column === "ContractedCost");
    expect(found.map(({ line }) => line)).toEqual([927, 928, 943, 946, 949, 950, 952]);
    expect(found.every(({ counts, reason, mend }) => counts && reason !== "" && mend !== "")).toBe(true);
  });

  test("has tags of which a key has a space, a column of its own, NULL as a word and instants without a zone", () => {
    expect(read.findings.find(({ column }) => column === "Tags")?.reason).toContain('" org"');
    expect(read.notes.join("\n")).toMatch(/not read: Id\.[^]*NULL[^]*no zone/);
    expect(read.version).toBe("1.0");
  });
});

describe("a row that cannot be counted", () => {
  const good = "1.10,1.00,1.20,1.10,EUR,2026-01-01T00:00:00Z,2026-01-02T00:00:00Z,Usage,";

  test.each([
    ["no billed cost", ",1,1,1,EUR,2026-01-01,2026-01-02,Usage,", "BilledCost"],
    ["a cost in words", "1,much,1,1,EUR,2026-01-01,2026-01-02,Usage,", "EffectiveCost"],
    ["a comma for the point", '"1,5",1,1,1,EUR,2026-01-01,2026-01-02,Usage,', "BilledCost"],
    ["no currency", "1,1,1,1,,2026-01-01,2026-01-02,Usage,", "BillingCurrency"],
    ["a day of which nobody knows the month", "1,1,1,1,EUR,4/1/25,2026-01-02,Usage,", "BillingPeriodStart"],
    ["a day that is not", "1,1,1,1,EUR,2026-01-01,2026-02-30,Usage,", "ChargePeriodStart"],
  ])("%s: it is told with its line, and the others count", (_what, row, column) => {
    const { charges, findings, rows } = readFocus(file(good, row, good));
    expect(rows).toBe(3);
    expect(charges.map(({ line }) => line)).toEqual([2, 4]);
    expect(findings).toEqual([expect.objectContaining({ line: 3, column, counts: false })]);
    expect(totalCharges(charges).map(({ billed }) => formatDecimal(billed))).toEqual(["2.20"]);
  });

  test("lines are those of the file, also behind a field with line breaks", () => {
    const { findings } = readFocus(file(good.replace(/,$/, ',"{""a"":\n""b""}"'), ",1,1,1,EUR,2026-01-01,2026-01-02,Usage,"));
    expect(findings.map(({ line }) => line)).toEqual([4]);
  });
});

test("currencies are not added together, and a total of which no row says anything is absent", () => {
  const { charges } = readFocus(file("1,1,,,EUR,2026-01-01,2026-01-02,Usage,", "2,2,,,USD,2026-01-01,2026-01-02,Usage,"));
  expect(totalCharges(charges)).toMatchObject([
    { currency: "EUR", rows: 1, list: undefined, withoutList: 1 },
    { currency: "USD", rows: 1, contracted: undefined, withoutContracted: 1 },
  ]);
});

test("a file without a column that every row needs is refused with its name", () => {
  expect(() => readFocus("BilledCost,EffectiveCost\n1,1")).toThrow("BillingCurrency, BillingPeriodStart, ChargePeriodStart");
});

test("versions are told by their columns", () => {
  expect(versionOf(["BilledCost", "ProviderName"])).toBe("1.0");
  expect(versionOf(["BilledCost", "SkuMeter"])).toBe("1.1");
  expect(versionOf(["InvoiceId", "SkuMeter"])).toBe("1.2");
  expect(versionOf(["ServiceProviderName", "ProviderName"])).toBe("1.3");
  expect(versionOf(["ServiceProviderName"])).toBe("1.4");
});

test.each([
  ["0.10000000000", "0.10"],
  ["-1.02348581414", "-1.02348581414"],
  ["1.5E-7", "0.00000015"],
  ["2e3", "2000.00"],
  [".5", "0.50"],
  ["99999999999999999999.01", "99999999999999999999.01"],
])("%s is read exactly", (text, said) => {
  const decimal = parseDecimal(text);
  expect(decimal && formatDecimal(decimal)).toBe(said);
});

test.each(["", ".", "1,5", "1 000", "NaN", "0x10", "1e", "--1"])("%j is no number", (text) => {
  expect(parseDecimal(text)).toBeUndefined();
});
