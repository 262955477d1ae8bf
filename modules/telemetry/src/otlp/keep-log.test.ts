import { describe, expect, test } from "vitest";

import { AROUND_NOON, encodeMessage, NOON } from "../fixtures/otlp-messages.ts";
import { LOG_TYPES, readRows } from "../fixtures/read-rows.ts";
import { createAiReading } from "../genai/ai-reading.ts";
import { publicBook } from "../genai/public-book.ts";
import { createRowWriter } from "./row-writer.ts";
import { transcodeLogs } from "./transcode-logs.ts";

const text = (stringValue: string) => ({ stringValue });
const attribute = (key: string, value: string) => ({ key, value: text(value) });

function stored(record: object, captures = false) {
  const body = encodeMessage("ExportLogsServiceRequest", {
    resourceLogs: [
      {
        resource: { attributes: [attribute("service.name", "shop")] },
        scopeLogs: [{ logRecords: [{ timeUnixNano: String(NOON), ...record }] }],
      },
    ],
  });
  const w = createRowWriter(16);
  const ai = createAiReading({ book: publicBook(), captures: (service) => captures && service === "shop" });
  transcodeLogs(body, w, { ...AROUND_NOON, ai });
  const [row] = readRows(w.bytes.subarray(0, w.pos), LOG_TYPES);
  return { body: row?.["body"], attributes: Object.fromEntries(row?.["attributes"] as [string, string][]) };
}

describe("logs are stored without", () => {
  test("e-mail addresses and secrets, in the body and in attributes of any kind", () => {
    const record = {
      body: text("ada@example.org signed in, password=hunter2hunter2"),
      attributes: [
        attribute("http.request.header.authorization", "abc"),
        attribute("db.password", "x"),
        attribute("to", "bob@example.org"),
        attribute("n", "7"),
      ],
    };
    expect(stored(record)).toEqual({
      body: "[e-mail address] signed in, password=[secret]",
      attributes: { "http.request.header.authorization": "[secret]", "db.password": "[secret]", to: "[e-mail address]", n: "7" },
    });
  });

  test("those that stand in a body of many parts", () => {
    const body = {
      kvlistValue: {
        values: [
          { key: "user", value: text("ada@example.org") },
          { key: "ok", value: { boolValue: true } },
        ],
      },
    };
    expect(stored({ body }).body).toBe('{"user":"[e-mail address]","ok":true}');
  });

  test("what people and models said, unless the team captures it", () => {
    const details = {
      eventName: "gen_ai.client.inference.operation.details",
      attributes: [attribute("gen_ai.input.messages", "tell ada@example.org"), attribute("gen_ai.request.model", "m")],
    };
    expect(stored(details).attributes).toEqual({
      "gen_ai.request.model": "m",
      "roadbed.content": "not captured: 1 attribute, 20 characters",
    });
    expect(stored(details, true).attributes).toEqual({ "gen_ai.request.model": "m", "gen_ai.input.messages": "tell [e-mail address]" });
    const said = { attributes: [attribute("event.name", "gen_ai.user.message")], body: text("my secret wish") };
    expect(stored(said).body).toBe("[not captured: 14 characters]");
    expect(stored(said, true).body).toBe("my secret wish");
  });

  test("nothing else: other records are as they were sent", () => {
    const record = { body: text("order 7 \u00e9 is paid"), attributes: [attribute("input", "x"), attribute("events", "y")] };
    expect(stored(record)).toEqual({ body: "order 7 \u00e9 is paid", attributes: { input: "x", events: "y" } });
  });

  test("explanations of evaluations, whose scores stay", () => {
    const record = {
      eventName: "gen_ai.evaluation.result",
      body: text("rated"),
      attributes: [attribute("gen_ai.evaluation.name", "helpful"), attribute("gen_ai.evaluation.score.value", "0.5")],
    };
    expect(stored(record)).toEqual({
      body: "rated",
      attributes: { "gen_ai.evaluation.name": "helpful", "gen_ai.evaluation.score.value": "0.5" },
    });
  });
});
