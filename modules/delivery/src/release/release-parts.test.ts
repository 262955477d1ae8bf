import type { Part } from "@roadbed/contracts/delivery/releases";
import { expect, test } from "vitest";

import { checkParts, compareParts, digestOf } from "./release-parts.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;
const model: Part = { kind: "model", name: "ranker", version: "3", digest: DIGEST };
const prompt: Part = { kind: "prompt", name: "greeting", version: "7" };

test("the order in which parts are named makes no other release, another version does", () => {
  const [one, other] = [checkParts([prompt, model]), checkParts([model, prompt])];
  expect(one).toEqual(other);
  expect(digestOf(one, undefined)).toBe(digestOf(other, undefined));
  expect(digestOf(checkParts([{ ...prompt, version: "8" }, model]), undefined)).not.toBe(digestOf(one, undefined));
  expect(digestOf(one, "It drops a column.")).not.toBe(digestOf(one, undefined));
});

test("what is named twice, not pinned or nothing at all is no release, and each fault is said", () => {
  expect(() => checkParts([])).toThrow("no release");
  const said = (): unknown => {
    try {
      return checkParts([{ kind: "image", name: "shop", version: "1" }, prompt, prompt]);
    } catch (error) {
      return (error as { problems: unknown }).problems;
    }
  };
  expect(said()).toEqual([
    { at: "parts[0].digest", reason: "is needed for the image: its version can be moved to something else" },
    { at: "parts[2]", reason: "names the prompt greeting a second time" },
  ]);
});

test("a comparison tells what came, went, changed and stayed", () => {
  const agent: Part = { kind: "agent", name: "desk", version: "1" };
  expect(compareParts([model, prompt], [{ ...model, version: "4" }, prompt, agent])).toEqual([
    { kind: "agent", name: "desk", change: "added", to: "1" },
    { kind: "model", name: "ranker", change: "changed", from: `3@${DIGEST}`, to: `4@${DIGEST}` },
    { kind: "prompt", name: "greeting", change: "same", from: "7", to: "7" },
  ]);
  expect(compareParts([agent], [])).toEqual([{ kind: "agent", name: "desk", change: "removed", from: "1" }]);
});
