import type { State } from "../ui/state.ts";

/** The limits by which the server judges a service's health. */
const FAILING = 0.05;
const DEGRADED = 0.01;

/** Which state a share of errors between 0 and 1 is; undefined where it is nothing to speak of. */
export function stateOfErrors(rate: number): State | undefined {
  return rate >= FAILING ? "fail" : rate >= DEGRADED ? "warn" : undefined;
}
