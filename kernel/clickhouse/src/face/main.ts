/**
 * The child process that holds the engine. It speaks ClickHouse's HTTP protocol on 127.0.0.1, takes its orders over
 * the channel to its parent, and ends by itself when that channel closes: an engine without a server serves nobody.
 */
import { createFace, type Face } from "./face.ts";
import { loadEngine } from "./engine.ts";
import type { FromFace, ToFace } from "./messages.ts";

const CLOSE_MS = 8_000;
let face: Face | undefined;

process.on("message", (message: ToFace) => {
  if (message.type === "start") start(message);
  else if (message.type === "beat") tell({ type: "beat" });
  else void stop();
});
process.on("disconnect", () => void stop());
process.on("SIGTERM", () => void stop());
// Ctrl-C in a terminal reaches every process there; the parent decides when it is our turn.
process.on("SIGINT", () => {});
tell({ type: "alive" });

function start(o: Extract<ToFace, { type: "start" }>): void {
  const engine = loadEngine(o.dataDir, o.configFile);
  engine.then(
    () => tell({ type: "ready" }),
    (error: unknown) => {
      tell({ type: "failed", reason: error instanceof Error ? error.message : String(error) });
      process.exitCode = 1;
      setTimeout(() => process.exit(1), 200);
    },
  );
  face = createFace({ key: o.key, spoolDir: o.spoolDir, engine });
  face.server.on("error", (error: NodeJS.ErrnoException) => {
    tell({ type: "failed", reason: `cannot listen on port ${o.port}: ${error.message}` });
    setTimeout(() => process.exit(1), 200);
  });
  face.server.listen(o.port, "127.0.0.1", () => {
    const address = face?.server.address();
    if (typeof address === "object" && address !== null) tell({ type: "listening", port: address.port });
  });
}

async function stop(): Promise<void> {
  setTimeout(() => process.exit(1), CLOSE_MS).unref();
  await face?.close();
  process.exit(0);
}

function tell(message: FromFace): void {
  if (process.connected) process.send?.(message);
}
