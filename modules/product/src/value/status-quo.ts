import { seededRandom } from "../statistics/random.ts";
import { DRAWS, drawFrom, driversOf, spreadOf, type Driver, type Range, type Spread } from "./draw.ts";

export interface StatusQuoInputs {
  readonly developers: number;
  readonly weeks: Range;
  readonly rate: Range;
  readonly causes: readonly { readonly name: string; readonly affected: Range; readonly hours: Range; readonly recoverable: Range }[];
}

/** The same with one number each. */
interface Point {
  readonly weeks: number;
  readonly rate: number;
  readonly causes: readonly { readonly affected: number; readonly hours: number; readonly recoverable: number }[];
}

export interface StatusQuo {
  readonly hours: Spread;
  readonly cost: Spread;
  readonly recoverable: Spread;
  readonly causes: readonly { readonly name: string; readonly cost: Spread; readonly recoverable: Spread }[];
  readonly drivers: readonly Driver[];
}

/** What it costs to change nothing. Weeks and rate are the same for all causes of a draw: they are one fact each, not one per cause. */
export function statusQuo(o: StatusQuoInputs, seed: number): StatusQuo {
  const random = seededRandom(seed);
  const drawn = Array.from({ length: DRAWS }, () =>
    lostIn(
      o.developers,
      pick(o, (range) => drawFrom(range, random)),
    ),
  );
  const total = (of: (one: Lost) => number): Spread => spreadOf(drawn.map((causes) => causes.reduce((sum, one) => sum + of(one), 0)));
  return {
    hours: total(({ hours }) => hours),
    cost: total(({ cost }) => cost),
    recoverable: total(({ recoverable }) => recoverable),
    causes: o.causes.map(({ name }, at) => ({
      name,
      cost: spreadOf(drawn.map((causes) => causes[at]!.cost)),
      recoverable: spreadOf(drawn.map((causes) => causes[at]!.recoverable)),
    })),
    drivers: drivers(o),
  };
}

interface Lost {
  readonly hours: number;
  readonly cost: number;
  readonly recoverable: number;
}

function lostIn(developers: number, { weeks, rate, causes }: Point): Lost[] {
  return causes.map((cause) => {
    const hours = developers * cause.affected * cause.hours * weeks;
    return { hours, cost: hours * rate, recoverable: hours * rate * cause.recoverable };
  });
}

function pick(o: StatusQuoInputs, of: (range: Range) => number): Point {
  return {
    weeks: of(o.weeks),
    rate: of(o.rate),
    causes: o.causes.map(({ affected, hours, recoverable }) => ({
      affected: of(affected),
      hours: of(hours),
      recoverable: of(recoverable),
    })),
  };
}

function drivers(o: StatusQuoInputs): Driver[] {
  const likely = pick(o, (range) => range.likely);
  const withCause = (at: number, part: object): Point => ({
    ...likely,
    causes: likely.causes.map((cause, one) => (one === at ? { ...cause, ...part } : cause)),
  });
  const inputs = [
    { input: "an hour's cost", range: o.rate, put: (rate: number) => ({ ...likely, rate }) },
    { input: "weeks in a year", range: o.weeks, put: (weeks: number) => ({ ...likely, weeks }) },
    ...o.causes.flatMap(({ name, affected, hours, recoverable }, at) => [
      { input: `${name}: how many`, range: affected, put: (value: number) => withCause(at, { affected: value }) },
      { input: `${name}: hours`, range: hours, put: (value: number) => withCause(at, { hours: value }) },
      { input: `${name}: what can be won back`, range: recoverable, put: (value: number) => withCause(at, { recoverable: value }) },
    ]),
  ];
  return driversOf(inputs, (point) => lostIn(o.developers, point).reduce((sum, one) => sum + one.recoverable, 0));
}
