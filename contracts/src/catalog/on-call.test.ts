import fc from "fast-check";
import { expect, test } from "vitest";

import { onCallAt, readOnCall } from "./on-call.ts";

test("what connectors and people write is understood, first called first; what is not is left out", () => {
  const shift = { name: "Ada", mail: "ada@example.com", schedule: "Primary", level: 2, source: "pagerduty" };
  expect(readOnCall([shift, { name: "Ole" }, { level: 1 }, 7, "user:default/Pia"])).toEqual([
    { name: "Ole", level: 1 },
    { person: "user:default/pia", name: "Pia", level: 1 },
    shift,
  ]);
  expect(readOnCall("pia@Example.com")).toEqual([{ name: "pia@Example.com", mail: "pia@example.com", level: 1 }]);
  expect(readOnCall(undefined)).toEqual([]);
});

test("a shift holds from its beginning until just before its end; without both, always", () => {
  const shift = { name: "Ada", level: 1, since: "2026-01-01T08:00:00Z", until: "2026-01-01T20:00:00+02:00" };
  const names = (at: string) => onCallAt([shift, { name: "Ole", level: 2 }], new Date(at)).map(({ name }) => name);
  expect(names("2026-01-01T07:59:59Z")).toEqual(["Ole"]);
  expect(names("2026-01-01T08:00:00Z")).toEqual(["Ada", "Ole"]);
  expect(names("2026-01-01T18:00:00Z")).toEqual(["Ole"]);
});

test("nothing that may stand in a document breaks the reading", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => Array.isArray(readOnCall(value))));
});
