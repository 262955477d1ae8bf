import { pathToFileURL } from "node:url";

import { job } from "./job.js";
import { startTelemetry } from "./telemetry.js";

/** Does the work once; answers the exit code: 0 when it was done, 1 when it failed. */
export async function main({ env = process.env, work = job, telemetry = startTelemetry({ serviceName: "${{ values.name }}", env }), signal = new AbortController().signal } = {}) {
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  try {
    const done = await telemetry.withSpan("${{ values.name }}", { attributes: { "job.execution": env.ROADBED_EXECUTION_ID ?? "by hand" } }, () =>
      work({ telemetry, signal }),
    );
    telemetry.log("info", "done", { seconds: seconds(), ...done });
    telemetry.record("job.duration", seconds(), { outcome: "succeeded" });
    return 0;
  } catch (error) {
    telemetry.log("error", signal.aborted ? "ended before it was done" : "failed", { seconds: seconds(), error: String(error?.stack ?? error) });
    telemetry.record("job.duration", seconds(), { outcome: "failed" });
    return 1;
  } finally {
    await telemetry.shutdown();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const told = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"]) process.once(name, () => told.abort(new Error(`told to end by ${name}`)));
  process.exitCode = await main({ signal: told.signal });
}
