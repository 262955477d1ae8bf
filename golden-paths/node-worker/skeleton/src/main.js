import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

import { handleJob } from "./handle-job.js";
import { createSource } from "./source.js";
import { startTelemetry } from "./telemetry.js";
import { createWorker } from "./worker.js";

/** Starts the worker and, where PORT is set, its health address. Answers the way to stop it. */
export async function start({ env = process.env, telemetry = startTelemetry({ serviceName: "${{ values.name }}", env }) } = {}) {
  const source = createSource({ intervalMs: Number(env.JOB_INTERVAL_MS ?? 2000) });
  const worker = createWorker({ source, handle: handleJob, telemetry });
  const running = worker.run();
  const health = createServer((request, response) => {
    const known = request.url === "/healthz" || request.url === "/readyz";
    const ok = worker.isAlive();
    response.writeHead(known ? (ok ? 200 : 503) : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(known ? { status: ok ? "ok" : "stuck", ...worker.counts() } : { status: 404 }));
  });
  if (env.PORT !== undefined) {
    await new Promise((resolve, reject) => {
      health.once("error", reject);
      health.listen(Number(env.PORT), env.HOST ?? "0.0.0.0", resolve);
    });
  }
  telemetry.log("info", "working");

  return {
    port: health.address()?.port,
    counts: worker.counts,
    async stop() {
      worker.stop();
      await running;
      health.closeAllConnections();
      health.close();
      telemetry.log("info", "stopped", worker.counts());
      await telemetry.shutdown();
    },
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const worker = await start();
  for (const signal of ["SIGTERM", "SIGINT"]) {
    process.once(signal, async () => {
      await worker.stop();
      process.exit(0);
    });
  }
}
