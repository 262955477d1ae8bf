import type { Gate } from "@roadbed/contracts/delivery/promotions";
import { expect, test } from "vitest";

import { digestOf, noteOf } from "./request-words.ts";

const gate = (name: string, verdict: Gate["verdict"], why = "So it is."): Gate => ({ name, title: name, verdict, why, evidence: [] });
const thing = (...gates: Gate[]) => [{ entity_ref: "component:default/orders", number: 2, gates }];

test("what merging itself answers stops nobody from merging", () => {
  const note = noteOf("prod", thing(gate("policy", "passed"), gate("approvals", "waiting"), gate("pull-request", "waiting")), []);
  expect(note.state).toBe("good");
  expect(note.text).not.toContain("pull-request");
});

test("what waits is waiting, what is refused or cannot be told is bad, what an administrator let pass is neither", () => {
  expect(noteOf("prod", thing(gate("soak", "waiting")), [])).toMatchObject({ state: "waiting", summary: "Not yet: soak." });
  expect(noteOf("prod", thing(gate("policy", "blocked")), []).state).toBe("bad");
  expect(noteOf("prod", thing(gate("policy", "unknown")), []).state).toBe("bad");
  const passed = { ...gate("policy", "blocked"), overridden: { by: "Ada", at: "2026-01-01T00:00:00.000Z", reason: "Known." } };
  expect(noteOf("prod", thing(passed), [])).toMatchObject({ state: "good", text: expect.stringContaining("blocked, let pass by Ada") });
  expect(noteOf("prod", thing(), [])).toMatchObject({ state: "waiting", summary: "The gates of prod are being asked." });
  expect(noteOf("prod", [], []).state).toBe("waiting");
});

test("somebody else's words are words: no cell, no mention, no markup, no end of the block", () => {
  const note = noteOf("prod", thing(gate("policy", "blocked", "a | b\n<img> @all `x`")), [
    { path: "apps/a.yaml", status: "changed", added: 1, removed: 0, patch: "@@ -0,0 +1 @@\n+```\n" },
  ]);
  expect(note.text).toContain("a \\| b \\<img\\> @\u200ball \\`x\\`");
  expect(note.text).toContain("````diff\n--- a/apps/a.yaml\n+++ b/apps/a.yaml\n@@ -0,0 +1 @@\n+```\n````");
});

test("it is told anew when a verdict is another one, not when its words count minutes", () => {
  const of = (why: string, verdict: Gate["verdict"]) =>
    digestOf({ head: "h", title: "t", body: "b", things: thing(gate("soak", verdict, why)) });
  expect(of("5 minutes left", "waiting")).toBe(of("4 minutes left", "waiting"));
  expect(of("", "passed")).not.toBe(of("", "waiting"));
});
