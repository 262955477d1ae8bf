import { DEFAULT_CONFIDENCE, type Interval } from "./interval.ts";
import { clopperPearsonInterval } from "./proportion.ts";
import { gammaQuantile } from "./special-functions.ts";

/** So many events in so much exposure: incidents in service-months. */
export interface Exposed {
  readonly events: number;
  readonly exposure: number;
}

/** Events per exposure, exact for counts that come by themselves. Undefined without exposure. Source: F. Garwood, Biometrika 28 (1936). */
export function eventRate(
  { events, exposure }: Exposed,
  confidence: number = DEFAULT_CONFIDENCE,
): (Interval & { readonly rate: number }) | undefined {
  if (exposure <= 0) return undefined;
  const tail = (1 - confidence) / 2;
  return {
    rate: events / exposure,
    lower: events === 0 ? 0 : gammaQuantile(tail, events) / exposure,
    upper: gammaQuantile(1 - tail, events + 1) / exposure,
  };
}

/**
 * How many times the rate of `other` the rate of `one` is: given how many events there were in both, which of them were `one`'s is a matter of
 * its share of the exposure. Undefined where either was not exposed or nothing happened at all; `ratio` is undefined where `other` had no event.
 */
export function rateRatio(
  one: Exposed,
  other: Exposed,
  confidence: number = DEFAULT_CONFIDENCE,
): (Interval & { readonly ratio: number | undefined }) | undefined {
  const events = one.events + other.events;
  if (one.exposure <= 0 || other.exposure <= 0 || events === 0) return undefined;
  const share = clopperPearsonInterval(one.events, events, confidence);
  const toRatio = (part: number): number => (part === 1 ? Number.POSITIVE_INFINITY : ((part / (1 - part)) * other.exposure) / one.exposure);
  return {
    ratio: other.events === 0 ? undefined : one.events / one.exposure / (other.events / other.exposure),
    lower: toRatio(share.lower),
    upper: toRatio(share.upper),
  };
}
