import fc from "fast-check";
import { expect, test } from "vitest";

import { circleOf, parsePipeline, shownCommands } from "./describe-pipeline.ts";

const pipeline = (steps: string): string => `steps:\n${steps}`;

test("what a pipeline says is read with its defaults", () => {
  const { steps } = parsePipeline(pipeline("  - name: test\n    run:\n      - [npm, test]\n      - [sleep, 1]\n"));
  expect(steps).toEqual([
    {
      name: "test",
      run: [
        ["npm", "test"],
        ["sleep", "1"],
      ],
      needs: [],
      timeoutSeconds: 600,
      env: {},
      secrets: [],
      artefacts: [],
      tests: [],
    },
  ]);
});

test.each([
  ["  - name: a\n", /line|either run, a list of commands, or script/],
  ["  - { name: a, run: [[x]], script: y }\n", /either run/],
  ["  - { name: a, run: [[x]], needs: [b] }\n", /there is no step b/],
  ["  - { name: a, run: [[x]] }\n  - { name: a, run: [[x]] }\n", /two steps called a/],
  ["  - { name: a, run: [[x]], needs: [b] }\n  - { name: b, run: [[x]], needs: [a] }\n", /a → b → a/],
  ["  - { name: a, run: [[x]], artefacts: ['../../etc/passwd'] }\n", /must not lead out/],
  ["  - { name: a, run: [[x]], artefacts: ['/etc/passwd'] }\n", /path inside the repository/],
  ["  - { name: a, run: [[x]], cache: { paths: ['~/../other'] } }\n", /must not lead out/],
  ["  - { name: a, run: [[x]], env: { PATH: /tmp } }\n", /set by the platform/],
  ["  - { name: a, run: [[x]], shell: bash }\n", /shell/],
])("what cannot be used is said with its line: %s", (text, reason) => {
  expect(() => parsePipeline(pipeline(text))).toThrow(reason);
  expect(() => parsePipeline(pipeline(text))).toThrow(/pipeline\.yaml:\d/);
});

test("a circle is found where there is one, and its way is one of needs", () => {
  const graph = fc
    .uniqueArray(fc.integer({ min: 0, max: 7 }), { minLength: 1 })
    .chain((names) =>
      fc.tuple(...names.map((name) => fc.subarray(names).map((needs) => ({ name: String(name), needs: needs.map(String) })))),
    );
  fc.assert(
    fc.property(graph, (steps) => {
      const circle = circleOf(steps);
      const left = new Map(steps.map(({ name, needs }) => [name, needs]));
      // Whatever can be begun is taken away, until nothing can: a circle is what is left.
      for (let gone = true; gone;) {
        gone = false;
        for (const [name, needs] of left) if (needs.every((need) => !left.has(need))) gone = left.delete(name);
      }
      expect(circle === undefined).toBe(left.size === 0);
      for (const [n, name] of (circle ?? []).slice(0, -1).entries()) {
        expect(steps.find((step) => step.name === name)?.needs).toContain(circle![n + 1]);
      }
    }),
  );
});

test("commands are shown as they would be typed", () => {
  expect(shownCommands({ run: [["node", "-e", "console.log('a b')"]], script: undefined })).toEqual([
    `node -e 'console.log('\\''a b'\\'')'`,
  ]);
});
