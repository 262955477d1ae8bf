/** The five states anything can be in; each has one colour and one icon everywhere. */
export type State = "ok" | "warn" | "fail" | "unknown" | "busy";

/** Every state word of the contracts, and which of the five it is. */
const STATES: Readonly<Record<string, State>> = {
  ok: "ok",
  healthy: "ok",
  succeeded: "ok",
  completed: "ok",
  allow: "ok",
  done: "ok",
  closed: "ok",
  registered: "ok",
  promoted: "ok",
  "non-inferior": "ok",
  degraded: "warn",
  partial: "warn",
  warn: "warn",
  held: "warn",
  unhealthy: "warn",
  waiting: "warn",
  low: "warn",
  failing: "fail",
  "rolled-back": "fail",
  regression: "fail",
  incident: "fail",
  failed: "fail",
  crashed: "fail",
  deny: "fail",
  denied: "fail",
  error: "fail",
  open: "fail",
  high: "fail",
  critical: "fail",
  queued: "busy",
  running: "busy",
  building: "busy",
  rolling: "busy",
  pausing: "busy",
  analysing: "busy",
  promoting: "busy",
  "rolling-back": "busy",
  starting: "busy",
  processing: "busy",
  syncing: "busy",
  unknown: "unknown",
  undecided: "unknown",
  stopped: "unknown",
  skipped: "unknown",
  cancelled: "unknown",
  superseded: "unknown",
  never: "unknown",
  undone: "unknown",
};

/** The state behind a word of the contracts; a word we do not know is `unknown`. */
export function stateOf(word: string): State {
  return STATES[word] ?? "unknown";
}
