import { setTimeout as sleep } from "node:timers/promises";

const ATTEMPTS = 3;
/** Longer without a sign of life means that it hangs. */
const STUCK_MS = 60_000;

/**
 * Takes one job after the other and does it; what fails is tried again with growing pauses, then given back to the source.
 * A job that has begun is finished before the worker stops.
 */
export function createWorker({ source, handle, telemetry, firstPauseMs = 250 }) {
  const stopping = new AbortController();
  const done = { succeeded: 0, failed: 0 };
  let lastSign = Date.now();

  async function run() {
    while (!stopping.signal.aborted) {
      lastSign = Date.now();
      const job = await source.take(stopping.signal);
      if (job !== undefined) await work(job);
    }
  }

  async function work(job) {
    const begin = performance.now();
    const outcome = await telemetry.withSpan(`process ${job.type}`, { kind: "consumer", attributes: { "job.id": job.id, "job.type": job.type } }, async (span) => {
      for (let attempt = 1; ; attempt++) {
        lastSign = Date.now();
        try {
          const result = await handle(job, telemetry);
          telemetry.log("info", "job done", { job: job.id, type: job.type, attempt, ...result });
          await source.done(job);
          return "succeeded";
        } catch (error) {
          telemetry.log(attempt < ATTEMPTS ? "warn" : "error", "job failed", { job: job.id, type: job.type, attempt, error: String(error) });
          if (attempt >= ATTEMPTS) {
            span.fail(error);
            await source.failed(job, error);
            return "failed";
          }
          await sleep(firstPauseMs * 4 ** (attempt - 1));
        }
      }
    });
    done[outcome] += 1;
    telemetry.count("jobs.processed", 1, { "job.type": job.type, outcome });
    telemetry.record("jobs.duration", (performance.now() - begin) / 1000, { "job.type": job.type, outcome });
  }

  return {
    run,
    stop: () => stopping.abort(),
    isAlive: () => Date.now() - lastSign < STUCK_MS,
    counts: () => ({ ...done }),
  };
}
