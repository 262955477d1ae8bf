import assert from "node:assert/strict";
import { test } from "node:test";

import { handleJob } from "../src/handle-job.js";
import { start } from "../src/main.js";
import { startTelemetry } from "../src/telemetry.js";
import { createWorker } from "../src/worker.js";

const quiet = () => startTelemetry({ serviceName: "test", env: {}, write: () => {} });

/** Gives these jobs, then ends the worker. */
function sourceOf(jobs, ended) {
  const [done, failed] = [[], []];
  return {
    done_: done,
    failed_: failed,
    take: async () => jobs.shift() ?? void ended(),
    done: async (job) => void done.push(job.id),
    failed: async (job) => void failed.push(job.id),
  };
}

test("it counts words", async () => {
  assert.deepEqual(await handleJob({ type: "count-words", text: " one  two three " }), { words: 3 });
  await assert.rejects(handleJob({ type: "dance" }), /nobody knows/);
});

test("what fails is tried again, then given back", async () => {
  const source = sourceOf([{ id: "good", type: "x" }, { id: "shaky", type: "x" }, { id: "bad", type: "x" }], () => worker.stop());
  const attempts = {};
  const handle = async ({ id }) => {
    attempts[id] = (attempts[id] ?? 0) + 1;
    if (id === "bad" || (id === "shaky" && attempts[id] < 2)) throw new Error("no");
    return {};
  };
  const worker = createWorker({ source, handle, telemetry: quiet(), firstPauseMs: 1 });
  await worker.run();
  assert.deepEqual(attempts, { good: 1, shaky: 2, bad: 3 });
  assert.deepEqual(source.done_, ["good", "shaky"]);
  assert.deepEqual(source.failed_, ["bad"]);
  assert.deepEqual(worker.counts(), { succeeded: 2, failed: 1 });
});

test("it starts, tells its health, works and stops", async () => {
  const worker = await start({ env: { PORT: "0", HOST: "127.0.0.1", JOB_INTERVAL_MS: "5" }, telemetry: quiet() });
  while (worker.counts().succeeded < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  const answer = await fetch(`http://127.0.0.1:${worker.port}/healthz`);
  assert.equal(answer.status, 200);
  assert.equal((await answer.json()).status, "ok");
  assert.equal((await fetch(`http://127.0.0.1:${worker.port}/other`)).status, 404);
  await worker.stop();
});
