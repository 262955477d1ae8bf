import { fieldsOf, type Operation } from "@roadbed/core";

import type { GlobalFlag } from "./parse-line.ts";

export const EVERYWHERE: readonly GlobalFlag[] = [
  { flag: "json", takesValue: false, help: "Print the exact answer as JSON" },
  { flag: "url", takesValue: true, value: "<url>", help: "The server; also ROADBED_URL" },
  { flag: "token", takesValue: true, value: "<token>", help: "An access token; also ROADBED_TOKEN" },
  { flag: "help", short: "h", takesValue: false, help: "Show this help" },
];

const WRITES: readonly GlobalFlag[] = [
  { flag: "reason", takesValue: true, value: "<text>", help: "Why, for the audit log" },
  { flag: "idempotency-key", takesValue: true, value: "<key>", help: "The same key never does the same write twice" },
];
const WAITS: readonly GlobalFlag[] = [
  { flag: "wait", takesValue: false, help: "Wait until it has come to its end" },
  { flag: "timeout", takesValue: true, value: "<seconds>", help: "How long to wait (1800)" },
];
const FOLLOWS: readonly GlobalFlag[] = [{ flag: "follow", short: "f", takesValue: false, help: "Go on as new lines come" }];
const PAGES: readonly GlobalFlag[] = [{ flag: "all", takesValue: false, help: "All pages" }];

/** The flags that a command has besides its operation's fields; a field of the same name wins. */
export function globalFlags(operation: Operation): GlobalFlag[] {
  const fields = fieldsOf(operation.input) ?? {};
  return [
    ...(operation.follow === undefined ? [] : FOLLOWS),
    ...(operation.cli?.waitFor === undefined ? [] : WAITS),
    ...("cursor" in fields ? PAGES : []),
    ...(operation.risk === "read" ? [] : WRITES),
    ...EVERYWHERE,
  ].filter(({ flag }) => !(flag in fields));
}

/** Flags with a value that may stand before the command. */
export const VALUE_FLAGS: ReadonlySet<string> = new Set(["--url", "--token"]);
