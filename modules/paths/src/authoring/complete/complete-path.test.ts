import fc from "fast-check";
import { expect, test } from "vitest";

import { createActions } from "../../action/actions.ts";
import { createWorld, PUBLIC_URL } from "../../testing/ports.ts";
import { complete } from "./complete-path.ts";

const actions = createActions({ ...createWorld().ports, publicUrl: PUBLIC_URL });

const HEAD = `apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: { name: t }
spec:
  type: service
  parameters:
    - title: What
      properties:
        name: { type: string, title: Its name }
        size: { type: string, enum: [s, m] }
        key: { type: string, ui:field: Secret }
        database: { type: object, properties: { host: { type: string } } }
      dependencies:
        size: { oneOf: [{ properties: { size: { enum: [m] }, extra: { type: boolean } } }] }
`;

/** What is offered at the | in the text, and what of the line it would replace. */
function at(text: string): { readonly typed: string; readonly labels: string[]; readonly detail: (label: string) => string | undefined } {
  const before = text.slice(0, text.indexOf("|>"));
  const lines = before.split("\n");
  const column = (lines.at(-1) ?? "").length + 1;
  const { length, options } = complete(actions, text.replace("|>", ""), lines.length, column);
  return {
    typed: before.slice(before.length - length),
    labels: options.map(({ label }) => label),
    detail: (label) => options.find((one) => one.label === label)?.detail,
  };
}

test("names of actions, with what they do", () => {
  const { typed, labels, detail } = at(`${HEAD}  steps:\n    - id: a\n      action: publ|>\n`);
  expect(typed).toBe("publ");
  expect(labels).toEqual(expect.arrayContaining(["publish:github", "fetch:template", "debug:log"]));
  expect(detail("publish:github")).toBe("outside");
  expect(at(`${HEAD}  steps:\n    - action: |>`).labels).toContain("fetch:plain");
});

test("inputs of the action, those that are needed first; wherever the action stands, and deeper", () => {
  const { labels, detail } = at(`${HEAD}  steps:\n    - action: publish:github\n      input:\n        re|>\n`);
  expect(labels[0]).toBe("repoUrl");
  expect(detail("repoUrl")).toBe("string, needed");
  expect(labels).toContain("secrets");
  expect(at(`${HEAD}  steps:\n  - input:\n      |>\n    action: debug:log\n`).labels).toContain("message");
  expect(
    at(`${HEAD}  steps:\n    - id: a\n      action: fs:rename\n      input:\n        files:\n          - from: x\n            |>`).labels,
  ).toEqual(expect.arrayContaining(["from", "to", "overwrite"]));
  expect(
    at(`${HEAD}  steps:\n    - { id: a, action: debug:log }\n    - action: publish:github\n      input:\n        repoVisibility: in|>`)
      .labels,
  ).toEqual(["private", "public", "internal"]);
});

test("parameters, nested and dependent ones too", () => {
  expect(at(`${HEAD}  steps:\n    - action: debug:log\n      input: { message: "\${{ parameters.na|>" }\n`)).toMatchObject({
    typed: "na",
    labels: ["name", "size", "key", "database", "extra"],
  });
  expect(at(`${HEAD}  steps:\n    - action: debug:log\n      input:\n        message: \${{ parameters.database.|> }}\n`).labels).toEqual([
    "host",
  ]);
  expect(at(`${HEAD}  steps:\n    - action: debug:log\n      input:\n        message: \${{ secrets.|> }}\n`).labels).toEqual(["key"]);
});

test("outputs of the steps before, and of all at the end", () => {
  const STEPS = `  steps:
    - { id: made, action: "publish:github", input: {} }
    - id: say
      action: debug:log
      input:
        message: `;
  expect(at(`${HEAD}${STEPS}\${{ steps.|> }}\n    - { id: late, action: "debug:log" }\n`).labels).toEqual(["made"]);
  expect(at(`${HEAD}${STEPS}\${{ steps.made.|> }}\n`).labels).toEqual(["output"]);
  expect(at(`${HEAD}${STEPS}\${{ steps.made.output.re|> }}\n`)).toMatchObject({
    typed: "re",
    labels: ["remoteUrl", "repoContentsUrl", "commitHash"],
  });
  expect(at(`${HEAD}${STEPS}x\n  output:\n    entityRef: \${{ steps.|> }}\n`).labels).toEqual(["made", "say"]);
});

test("filters after a bar, roots before, and the states of a run in `if` alone", () => {
  const line = (text: string): string => `${HEAD}  steps:\n    - id: a\n      action: debug:log\n      ${text}\n`;
  expect(at(line("if: ${{ parameters.name | par|> }}"))).toMatchObject({
    typed: "par",
    labels: expect.arrayContaining(["parseRepoUrl", "replace"]),
  });
  expect(at(line("if: ${{ |> }}")).labels).toEqual(expect.arrayContaining(["parameters", "always()"]));
  expect(at(line("name: ${{ |> }}")).labels).not.toContain("always()");
});

test("keys of the template and of its form, pickers among the values", () => {
  expect(at("|>").labels).toEqual(["apiVersion", "kind", "metadata", "spec"]);
  expect(at(`${HEAD}  st|>`)).toMatchObject({ typed: "st", labels: expect.arrayContaining(["steps", "approvals"]) });
  expect(at(`${HEAD}        more:\n          |>`).labels).not.toContain("ui:field");
  expect(at("spec:\n  parameters:\n    - properties:\n        name:\n          ui:|>").labels).toContain("ui:field");
  expect(at("spec:\n  parameters:\n    - properties:\n        name:\n          ui:field: Own|>").labels).toContain("OwnerPicker");
  expect(at("spec:\n  operation: |>").labels).toEqual(["create", "day-2", "delete"]);
});

test("any text at any place is answered", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("-", " ", "\n", ":", "a", "$", "{", "}", "|", '"', "spec:\n", "  steps:\n"), maxLength: 60 }),
      fc.nat(8),
      fc.nat(12),
      (text, line, column) => {
        complete(actions, text, line + 1, column + 1);
      },
    ),
    { numRuns: 300 },
  );
});
