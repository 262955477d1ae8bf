import assert from "node:assert/strict";
import { test } from "node:test";

import { job } from "../src/job.js";
import { main } from "../src/main.js";
import { startTelemetry } from "../src/telemetry.js";

const lines = [];
const quiet = () => startTelemetry({ serviceName: "test", env: {}, write: (line) => lines.push(JSON.parse(line)) });

test("it does its work and says what it did", async () => {
  const signal = new AbortController().signal;
  assert.deepEqual(await job({ telemetry: quiet(), signal, now: new Date("2027-01-31T06:00:00Z") }), { words: 6, letters: 23, day: "2027-01-31" });
});

test("when it is done, it ends with 0", async () => {
  assert.equal(await main({ env: {}, telemetry: quiet() }), 0);
  assert.equal(lines.at(-1).message, "done");
});

test("when it fails, it ends with 1 and says why", async () => {
  const work = async () => {
    throw new Error("the file is not there");
  };
  assert.equal(await main({ env: {}, telemetry: quiet(), work }), 1);
  assert.equal(lines.at(-1).level, "error");
  assert.match(lines.at(-1).error, /the file is not there/);
});

test("when it is told to end, it stops its work", async () => {
  const told = new AbortController();
  told.abort(new Error("told to end"));
  assert.equal(await main({ env: {}, telemetry: quiet(), signal: told.signal }), 1);
  assert.equal(lines.at(-1).message, "ended before it was done");
});
