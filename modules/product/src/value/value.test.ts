import { estimateStatusQuo, firstYear, modelValue } from "@roadbed/contracts/product/value";
import { InvalidError, perform, type InputOf, type Operation, type OutputOf, type Runtime } from "@roadbed/core";
import { callAs } from "@roadbed/testkit";
import { describe, expect, test } from "vitest";

import { seededRandom } from "../statistics/random.ts";
import { drawFrom } from "./draw.ts";
import { adoptedIn } from "./five-years.ts";
import { makeValueHandlers } from "./value-handlers.ts";

const runtime: Runtime = {
  may: async () => {},
  read: (call, work) => work(call as never),
  write: async () => {
    throw new Error("nothing is written");
  },
};
async function ask<O extends Operation>(operation: O, input: InputOf<O>): Promise<OutputOf<O>> {
  const handler = makeValueHandlers().find((one) => one.operation.name === operation.name)!;
  return (await perform(runtime, handler, callAs(), input)) as OutputOf<O>;
}
const just = (value: number) => ({ low: value, likely: value, high: value });

test("draws keep within their range, and their mean is that of the triangle", () => {
  const random = seededRandom(7);
  const range = { low: 2, likely: 3, high: 10 };
  const drawn = Array.from({ length: 20_000 }, () => drawFrom(range, random));
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(2);
  expect(Math.max(...drawn)).toBeLessThanOrEqual(10);
  expect(drawn.reduce((sum, one) => sum + one, 0) / drawn.length).toBeCloseTo(5, 1);
  expect(drawFrom(just(4), random)).toBe(4);
});

describe("the cost of changing nothing", () => {
  const cause = { name: "waiting", affected: just(0.75), hours: just(6), recoverable: just(1) };

  test("50 developers, three in four of whom lose six hours in each of 46 weeks, are 10 350 hours", async () => {
    const found = await ask(estimateStatusQuo, { developers: 50, weeks: just(46), rate: just(97), causes: [cause] });
    expect(found.hours).toEqual({ p10: 10_350, p50: 10_350, p90: 10_350 });
    expect(found.cost.p50).toBe(1_003_950);
    // Nothing is uncertain, so nothing drives it.
    expect(found.drivers).toEqual([]);
  });

  test("six to fifteen hours are a range, what drives it comes first, and the same seed gives the same", async () => {
    const input = {
      developers: 50,
      weeks: just(46),
      rate: { low: 60, likely: 70, high: 80 },
      causes: [{ ...cause, hours: { low: 6, likely: 9, high: 15 }, recoverable: just(0.5) }],
    };
    const found = await ask(estimateStatusQuo, input);
    expect(found.recoverable.p10).toBeLessThan(found.recoverable.p50);
    expect(found.recoverable.p90).toBeLessThan(found.cost.p90);
    expect(found.drivers.map(({ input: name }) => name)).toEqual(["waiting: hours", "an hour's cost"]);
    expect(found.drivers[0]).toMatchObject({ low: 50 * 0.75 * 6 * 46 * 70 * 0.5, high: 50 * 0.75 * 15 * 46 * 70 * 0.5 });
    expect(await ask(estimateStatusQuo, input)).toEqual(found);
    expect((await ask(estimateStatusQuo, { ...input, seed: 2 })).cost).not.toEqual(found.cost);
  });

  test("a range that is none is refused", async () => {
    const hours = { low: 9, likely: 6, high: 15 };
    await expect(ask(estimateStatusQuo, { developers: 5, rate: just(1), causes: [{ ...cause, hours }] })).rejects.toThrow(InvalidError);
  });
});

describe("five years", () => {
  const base: InputOf<typeof modelValue> = {
    discount: just(0),
    once: just(1_200),
    monthly: just(100),
    adoption: [{ month: 0, share: 1 }],
    benefits: [{ name: "licences", kind: "cash", monthly: just(200), attribution: just(1) }],
  };

  test("without doubt or discount it is what one reckons: 1 200 at once are paid back in twelve months", async () => {
    const found = await ask(modelValue, base);
    expect(found.worth).toEqual({ p10: 4_800, p50: 4_800, p90: 4_800 });
    expect(found.breakEven).toEqual({ month: 12, chance: 1 });
    expect(found.ratio).toBeCloseTo(12_000 / 7_200, 12);
    expect(found.neededFactor).toBeCloseTo(7_200 / 12_000, 12);
    expect(found.months.map(({ p50 }) => p50).slice(0, 3)).toEqual([-1_200, -1_100, -1_000]);
  });

  test("a year's discount is a year's: the twelfth month counts 1 / 1.1", async () => {
    const found = await ask(modelValue, { ...base, discount: just(0.1), once: just(0), monthly: just(0) });
    const expected = Array.from({ length: 60 }, (_, at) => 200 * 1.1 ** (-(at + 1) / 12)).reduce((sum, one) => sum + one, 0);
    expect(found.worth.p50).toBe(Math.round(expected));
    // Nothing is spent: there is no ratio to nothing.
    expect(found.ratio).toBeUndefined();
  });

  test("nobody uses it on day one: benefits follow adoption, and learning costs while it spreads", async () => {
    const adoption = [
      { month: 0, share: 0 },
      { month: 10, share: 1 },
    ];
    expect([1, 5, 10, 40].map((month) => adoptedIn(adoption, month))).toEqual([0.1, 0.5, 1, 1]);
    expect(adoptedIn([{ month: 6, share: 0.4 }], 5)).toBe(0);
    const slow = await ask(modelValue, { ...base, adoption });
    expect(slow.worth.p50).toBe(4_800 - 200 * (0.9 + 0.8 + 0.7 + 0.6 + 0.5 + 0.4 + 0.3 + 0.2 + 0.1));
    const dip = { share: just(0.15), months: 3, payroll: 1_000 };
    const learnt = await ask(modelValue, { ...base, adoption, dip });
    // Everybody learns once, for three months.
    expect(slow.worth.p50 - learnt.worth.p50).toBe(450);
  });

  test("hours won are no savings: they stand apart, at half, and the same hours are not counted twice", async () => {
    const hours = { kind: "capacity", monthly: just(100), attribution: just(1), hours: "deploys" } as const;
    const found = await ask(modelValue, { ...base, benefits: [...base.benefits, { name: "deploy time", ...hours }] });
    expect(found.worth.p50).toBe(4_800);
    expect(found.withCapacity.p50).toBe(4_800 + 60 * 50);
    await expect(
      ask(modelValue, {
        ...base,
        benefits: [
          { name: "deploy time", ...hours },
          { name: "lead time", ...hours },
        ],
      }),
    ).rejects.toThrow(/count the same hours/);
  });

  test("a benefit may be a loss; then it never pays back, and no factor would help", async () => {
    const found = await ask(modelValue, {
      ...base,
      benefits: [{ name: "downtime", kind: "avoided", monthly: just(-50), attribution: just(1) }],
    });
    expect(found.breakEven).toEqual({ chance: 0 });
    expect(found.neededFactor).toBeUndefined();
    expect(found.worth.p50).toBe(-1_200 - 60 * 150);
  });

  test("doubt makes a fan, and what moves it most comes first", async () => {
    const found = await ask(modelValue, {
      ...base,
      monthly: { low: 90, likely: 100, high: 110 },
      benefits: [
        { name: "licences", kind: "cash", monthly: { low: 50, likely: 200, high: 260 }, attribution: { low: 0.6, likely: 0.8, high: 1 } },
      ],
    });
    expect(found.worth.p10).toBeLessThan(found.worth.p90);
    expect(found.drivers[0]?.input).toBe("licences");
    expect(found.breakEven.chance).toBeGreaterThan(0);
    expect(found.breakEven.chance).toBeLessThan(1);
  });
});

test("DORA's own numbers come without any: 39 %, 0.7 years, and a loss by downtime", async () => {
  const found = await ask(firstYear, {});
  expect(Math.round(found.returnOnInvestment! * 100)).toBe(39);
  expect(found.paybackYears!.toFixed(1)).toBe("0.7");
  expect(found).toMatchObject({ investment: 8_365_000, value: 11_646_000, downtime: -344_000, benefit: 3_281_000 });
  const nothing = await ask(firstYear, { staff: 0, infrastructure: 0, featuresAfter: 50 });
  expect(nothing.returnOnInvestment).toBeUndefined();
  expect(nothing.paybackYears).toBeUndefined();
});
