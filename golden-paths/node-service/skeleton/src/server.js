import { pathToFileURL } from "node:url";

import { createApp } from "./app.js";
import { startTelemetry } from "./telemetry.js";

/** How long requests that run have to end when the process is told to. */
const DRAIN_MS = 8000;

/** Starts the service; answers its address and the way to stop it. */
export async function start({ env = process.env, telemetry = startTelemetry({ serviceName: "${{ values.name }}", env }) } = {}) {
  const app = createApp({ telemetry });
  const { server } = app;
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(Number(env.PORT ?? 8080), env.HOST ?? "0.0.0.0", resolve);
  });
  const { port } = server.address();
  telemetry.log("info", "listening", { port });

  return {
    port,
    async stop() {
      app.drain();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      const force = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
      await closed;
      clearTimeout(force);
      telemetry.log("info", "stopped");
      await telemetry.shutdown();
    },
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const service = await start();
  for (const signal of ["SIGTERM", "SIGINT"]) {
    process.once(signal, async () => {
      await service.stop();
      process.exit(0);
    });
  }
}
