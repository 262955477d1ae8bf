import type { FailedTest, TestCounts } from "@roadbed/contracts/delivery/pipelines";
import { XMLParser, XMLValidator } from "fast-xml-parser";

export interface TestReport extends TestCounts {
  readonly failures: readonly FailedTest[];
}

type Node = Readonly<Record<string, unknown>>;

const MOST_FAILURES = 50;
const MOST_CHARS = 2_000;
const LISTS = new Set(["testsuite", "testcase", "failure", "error", "skipped"]);
const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  parseAttributeValue: false,
  parseTagValue: false,
  processEntities: true,
  isArray: (name) => LISTS.has(name),
});

/**
 * Counts the cases of a report in JUnit's XML, whose dialects agree on little more than `testcase` with `failure`, `error` or `skipped` in it:
 * totals that a suite claims are not believed. Undefined for what is no such report.
 */
export function readJunit(xml: string): TestReport | undefined {
  if (/<!(DOCTYPE|ENTITY)/i.test(xml) || XMLValidator.validate(xml) !== true) return undefined;
  const { testsuites, testsuite } = parser.parse(xml) as { testsuites?: unknown; testsuite?: unknown };
  if (testsuites === undefined && testsuite === undefined) return undefined;
  const failures: FailedTest[] = [];
  let [total, failed, skipped, seconds] = [0, 0, 0, 0];
  const suites = (node: Node, name: string): void => {
    const own = textOf(node["@name"]) || name;
    for (const one of listOf(node["testcase"])) {
      total += 1;
      seconds += secondsOf(one["@time"]);
      const fault = [...listOf(one["failure"]), ...listOf(one["error"])][0];
      if (fault !== undefined) {
        failed += 1;
        const message = (textOf(fault["@message"]) || textOf(fault["#text"])).trim().slice(0, MOST_CHARS);
        if (failures.length < MOST_FAILURES)
          failures.push({ name: textOf(one["@name"]).slice(0, 500), suite: (textOf(one["@classname"]) || own).slice(0, 500), message });
      } else if (one["skipped"] !== undefined) skipped += 1;
    }
    for (const inner of listOf(node["testsuite"])) suites(inner, own);
  };
  if (testsuites !== undefined) for (const one of listOf(testsuites)) suites(one, "");
  else for (const one of listOf(testsuite)) suites(one, "");
  return { total, failed, skipped, seconds: Math.round(seconds * 1_000) / 1_000, failures };
}

/** Several reports as one; undefined where there is none. */
export function addReports(reports: readonly TestCounts[]): TestCounts | undefined {
  if (reports.length === 0) return undefined;
  const sum = (field: keyof TestCounts): number => reports.reduce((all, one) => all + one[field], 0);
  return { total: sum("total"), failed: sum("failed"), skipped: sum("skipped"), seconds: Math.round(sum("seconds") * 1_000) / 1_000 };
}

/** A tag without attributes and content is read as an empty text. */
function listOf(value: unknown): Node[] {
  const list = Array.isArray(value) ? (value as unknown[]) : value === undefined ? [] : [value];
  return list.map((one) => (typeof one === "object" && one !== null ? (one as Node) : { "#text": one }));
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function secondsOf(value: unknown): number {
  const seconds = Number(textOf(value).replaceAll(",", ""));
  return Number.isFinite(seconds) && seconds > 0 ? seconds : 0;
}
