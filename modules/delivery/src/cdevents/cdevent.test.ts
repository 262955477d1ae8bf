import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { EMITTED } from "@roadbed/contracts/delivery/cdevents";
import fc from "fast-check";
import { expect, test } from "vitest";

import { predicateOf, readCdEvent, unwrap } from "./cdevent.ts";
import { purlOfCommit, purlOfImage, toCdEvent, toCloudEvent } from "./to-cdevent.ts";

const CONFORMANCE = join(import.meta.dirname, "conformance");
const files = readdirSync(CONFORMANCE).filter((name) => name.endsWith(".json"));
const read = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(CONFORMANCE, name), "utf8")) as Record<string, unknown>;

test("every event of the spec's conformance set is taken, as it is and wrapped", () => {
  expect(files.length).toBeGreaterThan(40);
  for (const name of files) {
    const event = read(name);
    expect(readCdEvent(event).event, name).toEqual(event);
    expect(unwrap({ specversion: "1.0", id: "1", source: "/s", type: "t", data: event }), name).toBe(event);
  }
});

test("what is missing is named by its field", () => {
  const event = read("service_deployed.json") as { context: object; subject: { content: object } };
  expect(() => readCdEvent({ ...event, context: { ...event.context, timestamp: "yesterday" } })).toThrow(/context\.timestamp/);
  expect(() => readCdEvent({ ...event, subject: { ...event.subject, content: {} } })).toThrow(/subject\.content\.environment/);
  expect(() => readCdEvent({ ...event, context: { ...event.context, type: "com.example.thing" } })).toThrow(/context\.type/);
  expect(() => readCdEvent({})).toThrow(/context/);
});

test("what no rule here is about is known to be unknown", () => {
  const event = read("testcaserun_finished.json") as { context: object };
  expect(readCdEvent(event).known).toBe(false);
  expect(
    readCdEvent({ ...event, context: { ...event.context, type: "dev.cdeventsx.acme.thing.0.1.0".replace("cdeventsx", "cdeventsext") } })
      .known,
  ).toBe(false);
  expect(readCdEvent(read("service_deployed.json")).known).toBe(true);
});

const content: Readonly<Record<string, Record<string, unknown>>> = {
  repository: { name: "orders", uri: "https://roadbed.example.org/git/orders.git" },
  service: { environment: { id: "prod" }, artifactId: purlOfCommit("orders", "a".repeat(40)) },
  incident: { environment: { id: "any" }, service: { id: "orders" } },
};

test("everything that is emitted is what we take, and both forms of CloudEvents say the same", () => {
  const at = new Date("2026-01-01T00:00:00Z");
  for (const type of EMITTED) {
    const event = toCdEvent(
      { type, subject: "component:default/orders", content: content[type.split(".")[0]!] ?? {} },
      { id: "evt_1", at, source: "https://roadbed.example.org" },
    );
    expect(readCdEvent(event)).toEqual({ event, known: true });
    expect(predicateOf(event.context.type)).toBe(type);
    const [binary, structured] = [toCloudEvent(event, "binary"), toCloudEvent(event, "structured")];
    expect(JSON.parse(binary.body)).toEqual(event);
    expect(unwrap(JSON.parse(structured.body) as Record<string, unknown>)).toEqual(event);
    expect(binary.headers).toMatchObject({
      "ce-specversion": "1.0",
      "ce-type": event.context.type,
      "ce-id": "evt_1",
      "content-type": "application/json",
    });
  }
});

test("a header of a delivery holds what a header may hold, whatever the subject is called", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (subject) => {
      const event = toCdEvent({ type: "change.created", subject, content: {} }, { id: "1", at: new Date(0), source: "/s" });
      const header = toCloudEvent(event, "binary").headers["ce-subject"]!;
      expect(header).toMatch(/^[\u0021-\u007e]*$/);
      expect(decodeURIComponent(header.replaceAll(/%(?![0-9A-F]{2})/g, "%25"))).toBeDefined();
    }),
  );
});

test("images are named by their digest", () => {
  expect(purlOfImage("registry.example.org/team/Desk", "sha256:ab", "1")).toBe(
    "pkg:oci/desk@sha256%3Aab?repository_url=registry.example.org%2Fteam%2FDesk",
  );
});
