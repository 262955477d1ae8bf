import { InvalidError } from "@roadbed/core";
import fc from "fast-check";
import { expect, test } from "vitest";

import { parseManifest } from "../workload/manifest.ts";
import { canonical, contentOf, filesOf, partsOf } from "./content-of.ts";

const COMMIT = "a".repeat(40);
const DIGEST = `sha256:${"b".repeat(64)}`;
const PROMPT = `kind: prompt
prompt:
  messages: [{ role: system, file: system.md }, { role: user, text: "{{question}} in {{ language }}" }]
  parameters: { temperature: 0.2, top_p: 1 }
  model: { name: small, version: 4, digest: "${DIGEST}" }
`;

test("a prompt is its messages, variables, parameters and model; the order of keys and the ends of lines are not part of it", () => {
  const one = contentOf(parseManifest(PROMPT), COMMIT, () => "Be kind.\r\nBe short.\r\n")!;
  expect(one).toMatchObject({
    kind: "prompt",
    version: "aaaaaaaaaaaa",
    content: {
      messages: [{ text: "Be kind.\nBe short." }, {}],
      variables: ["language", "question"],
      parameters: { temperature: 0.2 },
      model: { version: "4" },
    },
  });
  const same = contentOf(
    parseManifest(PROMPT.replace("{ temperature: 0.2, top_p: 1 }", "{ top_p: 1, temperature: 0.2 }")),
    "c".repeat(40),
    () => "Be kind.\nBe short.",
  )!;
  expect(same.digest).toBe(one.digest);
  expect(contentOf(parseManifest(PROMPT), COMMIT, () => "Be rude.")!.digest).not.toBe(one.digest);
  expect(partsOf("component:default/greeting", one)).toEqual([
    { kind: "prompt", name: "component:default/greeting", version: "aaaaaaaaaaaa", digest: one.digest },
    { kind: "model", name: "small", version: "4", digest: DIGEST },
  ]);
  expect(filesOf(parseManifest(PROMPT))).toEqual(["system.md"]);
});

test("what a prompt lacks is told with its mend", () => {
  expect(() => contentOf(parseManifest(PROMPT), COMMIT, () => undefined)).toThrow("system.md is not there");
  const declared = parseManifest(PROMPT.replace("  parameters", "  variables: [question]\n  parameters"));
  expect(() => contentOf(declared, COMMIT, () => "")).toThrow("{{language}}");
  for (const [text, reason] of [
    ["kind: prompt\n", "prompt: is needed"],
    ["kind: prompt\nprompt: { messages: [] }\n", "must have a message"],
    ["kind: prompt\nprompt: { messages: [{ role: user }] }\n", "must have either text or file"],
    ["kind: prompt\nprompt: { messages: [{ role: user, file: ../x }] }\n", "must not lead out"],
    [`${PROMPT}start: [node, x.mjs]\n`, "a prompt has no process"],
    [`kind: service\nstart: [x]\n${PROMPT.slice("kind: prompt\n".length)}`, "only what has kind: prompt has one"],
    ["kind: model\nmodel: { registry: r, version: 1, digest: abc, licence: MIT }\n", "64 hexadecimal digits"],
  ] as const) {
    expect(() => parseManifest(text), text).toThrow(reason);
    expect(() => parseManifest(text)).toThrow(InvalidError);
  }
});

test("a model is its registry, version and digest with its card; an agent is what it binds", () => {
  const model = contentOf(
    parseManifest(
      `kind: model\nmodel: { registry: "oci://r/ranker", version: 3, digest: "${DIGEST}", licence: Apache-2.0, card: CARD.md }\n`,
    ),
    COMMIT,
    () => "# Ranker\n",
  )!;
  expect(model).toMatchObject({ version: "3", content: { licence: "Apache-2.0", card: "# Ranker", digest: DIGEST } });
  const agent = contentOf(
    parseManifest(`kind: agent
agent:
  version: 2
  prompt: { component: greeting, digest: "${DIGEST}" }
  model: { name: small, version: 4 }
  tools: [{ name: search, description: Searches }]
  limits: { turns: 5, cost: { amount: "0.50", currency: EUR } }
`),
    COMMIT,
    () => undefined,
  )!;
  expect(agent).toMatchObject({ kind: "agent", version: "2", content: { tools: [{ name: "search" }], limits: { turns: 5 } } });
  expect(partsOf("component:default/helper", agent).map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    "agent component:default/helper",
    "prompt component:default/greeting",
  ]);
});

test("canonical text does not depend on the order of keys", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const turned = Object.fromEntries(Object.entries(value).toReversed());
      expect(canonical(turned)).toBe(canonical(value));
      // JSON has one zero.
      expect(canonical(JSON.parse(canonical(value)))).toBe(canonical(value));
    }),
  );
});
