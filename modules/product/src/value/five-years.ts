import { seededRandom } from "../statistics/random.ts";
import { DRAWS, drawFrom, driversOf, spreadOf, type Driver, type Range, type Spread } from "./draw.ts";

export const MONTHS = 60;

export interface FiveYearInputs {
  readonly discount: Range;
  readonly once: Range;
  readonly monthly: Range;
  readonly dip?: { readonly share: Range; readonly months: number; readonly payroll: number } | undefined;
  readonly adoption: readonly { readonly month: number; readonly share: number }[];
  readonly benefits: readonly {
    readonly name: string;
    readonly kind: "cash" | "avoided" | "capacity";
    readonly monthly: Range;
    readonly attribution: Range;
  }[];
  /** How much of hours won is put to use. */
  readonly capacityShare: number;
}

/** The same with one number each. */
interface Point {
  readonly discount: number;
  readonly once: number;
  readonly monthly: number;
  readonly dip: number;
  readonly benefits: readonly { readonly monthly: number; readonly attribution: number }[];
}

export interface FiveYears {
  readonly worth: Spread;
  readonly withCapacity: Spread;
  readonly breakEven: { readonly month?: number; readonly chance: number };
  readonly ratio: number | undefined;
  readonly months: readonly (Spread & { readonly month: number })[];
  readonly drivers: readonly Driver[];
  readonly neededFactor: number | undefined;
}

/** Five years of a platform. The headline counts invoices that fall and contracts that are not signed; hours won stand apart. */
export function fiveYears(o: FiveYearInputs, seed: number): FiveYears {
  const random = seededRandom(seed);
  const adopted = Array.from({ length: MONTHS }, (_, at) => adoptedIn(o.adoption, at + 1));
  const drawn = Array.from({ length: DRAWS }, () =>
    run(
      o,
      adopted,
      pick(o, (range) => drawFrom(range, random)),
    ),
  );
  const months = Array.from({ length: MONTHS + 1 }, (_, month) => ({
    month,
    ...spreadOf(drawn.map(({ cumulated }) => cumulated[month]!)),
  }));
  const likely = run(
    o,
    adopted,
    pick(o, (range) => range.likely),
  );
  const back = paidBack(months.map(({ p50 }) => p50));
  return {
    worth: spreadOf(drawn.map(({ cumulated }) => cumulated[MONTHS]!)),
    withCapacity: spreadOf(drawn.map(({ cumulated, capacity }) => cumulated[MONTHS]! + capacity)),
    breakEven: {
      ...(back === undefined ? {} : { month: back }),
      chance: drawn.filter(({ cumulated }) => cumulated[MONTHS]! >= 0).length / drawn.length,
    },
    ratio: likely.costs > 0 ? likely.benefits / likely.costs : undefined,
    months,
    drivers: drivers(o, adopted),
    neededFactor: likely.benefits > 0 ? likely.costs / likely.benefits : undefined,
  };
}

interface Course {
  /** Cash and avoided cost less costs, discounted, up to the end of each month; before the first, what is spent at once. */
  readonly cumulated: readonly number[];
  readonly capacity: number;
  readonly costs: number;
  readonly benefits: number;
}

function run(o: FiveYearInputs, adopted: readonly number[], point: Point): Course {
  const cumulated = [-point.once];
  let [capacity, costs, benefits] = [0, point.once, 0];
  for (let month = 1; month <= MONTHS; month++) {
    const factor = (1 + point.discount) ** (-month / 12);
    const share = adopted[month - 1]!;
    const cost = point.monthly + dipIn(o, adopted, month) * point.dip;
    const won = (hours: boolean): number =>
      o.benefits.reduce((sum, { kind }, at) => {
        const { monthly, attribution } = point.benefits[at]!;
        return (kind === "capacity") === hours ? sum + monthly * attribution * share : sum;
      }, 0);
    const paid = won(false);
    capacity += won(true) * o.capacityShare * factor;
    costs += cost * factor;
    benefits += paid * factor;
    cumulated.push(cumulated.at(-1)! + (paid - cost) * factor);
  }
  return { cumulated, capacity, costs, benefits };
}

/** What those cost who began in these last months and still learn. */
function dipIn({ dip }: FiveYearInputs, adopted: readonly number[], month: number): number {
  if (dip === undefined) return 0;
  const before = month - dip.months < 1 ? 0 : adopted[month - dip.months - 1]!;
  return Math.max(0, adopted[month - 1]! - before) * dip.payroll;
}

/** In a line between the points; before the first nobody, after the last as there. */
export function adoptedIn(points: FiveYearInputs["adoption"], month: number): number {
  const sorted = points.toSorted((a, b) => a.month - b.month);
  const next = sorted.find((point) => point.month >= month);
  const last = sorted.findLast((point) => point.month <= month);
  if (next === undefined) return last?.share ?? 0;
  if (last === undefined) return 0;
  if (next.month === last.month) return next.share;
  return last.share + ((next.share - last.share) * (month - last.month)) / (next.month - last.month);
}

/** The first month from which on it is never below nothing again. */
function paidBack(cumulated: readonly number[]): number | undefined {
  const lastBelow = cumulated.findLastIndex((value) => value < 0);
  return lastBelow + 1 < cumulated.length ? lastBelow + 1 : undefined;
}

function pick(o: FiveYearInputs, of: (range: Range) => number): Point {
  return {
    discount: of(o.discount),
    once: of(o.once),
    monthly: of(o.monthly),
    dip: o.dip === undefined ? 0 : of(o.dip.share),
    benefits: o.benefits.map(({ monthly, attribution }) => ({ monthly: of(monthly), attribution: of(attribution) })),
  };
}

function drivers(o: FiveYearInputs, adopted: readonly number[]): Driver[] {
  const likely = pick(o, (range) => range.likely);
  const withBenefit = (at: number, part: object): Point => ({
    ...likely,
    benefits: likely.benefits.map((benefit, one) => (one === at ? { ...benefit, ...part } : benefit)),
  });
  const inputs = [
    { input: "discount", range: o.discount, put: (discount: number) => ({ ...likely, discount }) },
    { input: "cost at once", range: o.once, put: (once: number) => ({ ...likely, once }) },
    { input: "cost of a month", range: o.monthly, put: (monthly: number) => ({ ...likely, monthly }) },
    ...(o.dip === undefined ? [] : [{ input: "the dip", range: o.dip.share, put: (dip: number) => ({ ...likely, dip }) }]),
    ...o.benefits.flatMap(({ name, monthly, attribution }, at) => [
      { input: name, range: monthly, put: (value: number) => withBenefit(at, { monthly: value }) },
      { input: `${name}: due to the platform`, range: attribution, put: (value: number) => withBenefit(at, { attribution: value }) },
    ]),
  ];
  return driversOf(inputs, (point) => run(o, adopted, point).cumulated[MONTHS]!);
}
