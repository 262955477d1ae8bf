import { mkdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";

import type { Logger, Row } from "@roadbed/core";
import { pino } from "pino";

const ROTATE_AT = 20 * 1024 * 1024;
/** Whatever a field is called like this, its value never reaches the log. */
const SECRET = /^(authorization|cookie|password|secret|token|secrets|clientSecret|current)$/i;

/** The server's own log: JSON lines in `<data>/log/server.log`, one older file kept. */
export function openLog(dataDir: string): Logger {
  const file = join(dataDir, "log", "server.log");
  mkdirSync(join(dataDir, "log"), { recursive: true, mode: 0o700 });
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > ROTATE_AT) renameSync(file, `${file}.1`);
  const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: file, sync: true }));
  const write =
    (level: "debug" | "info" | "warn" | "error") =>
    (message: string, fields: Row = {}): void =>
      log[level](Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, SECRET.test(name) ? "***" : value])), message);
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}
