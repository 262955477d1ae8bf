import type { Logger, Row } from "@roadbed/core";

/** Says nothing. */
export const quietLog: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export interface LogLine {
  readonly level: keyof Logger;
  readonly message: string;
  readonly fields: Row;
}

/** Keeps what was said, for tests about what is (and is not) said. */
export function recordingLog(): Logger & { readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const at =
    (level: keyof Logger) =>
    (message: string, fields: Row = {}): void =>
      void lines.push({ level, message, fields });
  return { lines, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
