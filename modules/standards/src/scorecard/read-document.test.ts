import { createCel } from "@roadbed/cel";
import { afterAll, describe, expect, test } from "vitest";

import { readShipped } from "./load-shipped.ts";
import { readDocument } from "./read-document.ts";

const cel = createCel();
afterAll(() => cel.close());

const yaml = (rule: string, head = ""): string => `apiVersion: roadbed.dev/v1
kind: Scorecard
metadata: {name: mine, title: Mine}
spec:
  levels: [{name: one, title: One}]
${head}  rules:
    - id: first
      title: First
      level: one
      message: It is not.
      mend: Make it so.
${rule}`;

const problemsOf = (text: string) => readDocument({ yaml: text }, cel).problems;

describe("a scorecard", () => {
  test("that is right is read, with what was left out filled in", () => {
    const { document, problems } = readDocument({ yaml: yaml("      expression: owner.found\n") }, cel);
    expect(problems).toEqual([]);
    expect(document?.spec).toMatchObject({ rubric: false, kinds: ["Component"], categories: [{ name: "general" }] });
    expect(document?.spec.rules[0]).toMatchObject({ weight: 1, effort: "hours", reads: [] });
  });

  test.each([
    ["a misspelt field of what is known", "      expression: onCall.fuond\n", "spec.rules.0.expression", 12, "No such key: fuond", "has("],
    [
      "a name that is not there",
      "      expression: entiyt.kind == 'x'\n",
      "spec.rules.0.expression",
      12,
      "Unknown variable",
      "entity, related",
    ],
    [
      "an expression that is no yes or no",
      "      expression: \"'text'\"\n",
      "spec.rules.0.expression",
      12,
      "gives string, not bool",
      "Compare",
    ],
    ["a syntax error", "      expression: entity. == 1\n", "spec.rules.0.expression", 12, "line 1, column", ""],
    [
      "a regular expression that could hang",
      "      expression: owner.ref.matches('(a+)+(?=b)')\n",
      "spec.rules.0.expression",
      12,
      "RE2",
      "",
    ],
    [
      "a level that is not there",
      "      expression: owner.found\n      category: none\n",
      "spec.rules.0.category",
      13,
      "no category none",
      "general",
    ],
    ["a file that is not read", "      expression: '\"a.json\" in repo.files'\n", "spec.rules.0.reads", 7, "reads a.json", "a.json"],
    ["a field that nobody knows", "      expression: owner.found\n      wieght: 2\n", "spec.rules.0.wieght", 13, "", "weight"],
  ])("says of %s where, why and what to do", (_what, rule, at, line, reason, mend) => {
    const [problem] = problemsOf(yaml(rule));
    expect(problem).toMatchObject({ at, line });
    expect(problem!.reason).toContain(reason);
    expect(problem!.mend ?? "").toContain(mend);
  });

  test("has each name once, and says which stands twice", () => {
    const twice = yaml("      expression: owner.found\n", "  categories: [{name: a, title: A}, {name: a, title: B}]\n");
    expect(problemsOf(twice)).toMatchObject([{ at: "spec.categories.1.name", line: 6 }]);
  });

  test("that is no YAML is told with the line", () => {
    expect(problemsOf("a: [1,\nb: 2")[0]).toMatchObject({ line: expect.any(Number) });
  });
});

test("what is shipped is right, says how to mend each failure, and has one rubric", () => {
  const { shipped, problems } = readShipped([new URL("../../../../scorecards/", import.meta.url)], cel);
  expect(problems).toEqual([]);
  expect(shipped.filter(({ document }) => document.spec.rubric)).toHaveLength(1);
  for (const { document } of shipped)
    for (const { mend } of document.spec.rules) expect((typeof mend === "string" ? mend : mend.say).length).toBeGreaterThan(20);
});
