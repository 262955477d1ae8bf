import { defineOperation } from "@roadbed/core";
import { z } from "zod";

/** Three numbers instead of one: nobody knows these exactly, and a point hides how little is known. */
const rangeOf = (number: z.ZodNumber) =>
  z
    .object({ low: number, likely: number, high: number })
    .refine(({ low, likely, high }) => low <= likely && likely <= high, "must have low <= likely <= high");
const Amount = rangeOf(z.number().min(0).max(1e12));
const Share = rangeOf(z.number().min(0).max(1));
export type Range = z.infer<typeof Amount>;
const Currency = z
  .string()
  .regex(/^[A-Z]{3}$/, "must be the three letters of a currency")
  .default("EUR");
const Seed = z.number().int().min(0).max(4_294_967_295).default(1).describe("The same seed draws the same numbers");
const Name = z.string().trim().min(1).max(100);

/** One in ten draws is below `p10`, nine in ten are below `p90`. Money in whole units: an estimate has no cents. */
const Spread = z.object({ p10: z.number().int(), p50: z.number().int(), p90: z.number().int() });
const Driver = z.object({ input: z.string(), low: z.number().int(), high: z.number().int() });

export const estimateStatusQuo = defineOperation({
  name: "product.value.status-quo",
  summary:
    "Estimate what it costs to change nothing: hours lost by cause, and what of them could be won back, as a range and not as a point.",
  scope: "product:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/value/status-quo" },
  input: z.object({
    currency: Currency,
    developers: z.number().int().min(1).max(1_000_000),
    weeks: rangeOf(z.number().min(1).max(53)).default({ low: 42, likely: 44, high: 46 }).describe("Weeks worked in a year"),
    rate: Amount.describe("What an hour costs, with everything"),
    causes: z
      .array(
        z.object({
          name: Name,
          affected: Share.describe("How many of all developers"),
          hours: rangeOf(z.number().min(0).max(60)).describe("Lost by each of these in a week"),
          recoverable: Share.describe("How much of it could be won back"),
        }),
      )
      .min(1)
      .max(20),
    seed: Seed,
  }),
  output: z.object({
    currency: z.string(),
    hours: Spread.describe("Lost in a year"),
    cost: Spread,
    recoverable: Spread.describe("What of the cost could be won back"),
    causes: z.array(z.object({ name: z.string(), cost: Spread, recoverable: Spread })),
    drivers: z.array(Driver).describe("What the recoverable cost would be with one input at its low or high end, the widest first"),
    says: z.string().describe("All that may be said of it"),
  }),
  cli: { rows: "causes" },
});

const BenefitClass = z.enum(["cash", "avoided", "capacity"]);

export const modelValue = defineOperation({
  name: "product.value.model",
  summary:
    "Model five years of a platform month by month: cost, benefits that grow with adoption, the dip while everybody learns, and what would have to be true.",
  scope: "product:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/value/model" },
  input: z.object({
    currency: Currency,
    discount: Share.default({ low: 0.08, likely: 0.08, high: 0.08 }).describe("In a year"),
    once: Amount.describe("Cost before the first month"),
    monthly: Amount.describe("Cost of each month"),
    dip: z
      .object({
        share: Share.describe("How much less gets done while a month's new adopters learn"),
        months: z.number().int().min(1).max(24).describe("For how long"),
        payroll: z.number().min(0).max(1e12).describe("What everybody who adopts costs in a month"),
      })
      .optional(),
    adoption: z
      .array(z.object({ month: z.number().int().min(0).max(60), share: z.number().min(0).max(1) }))
      .min(1)
      .max(61)
      .describe("Shares of those who could, in a line from point to point: take it from the curve of a capability"),
    benefits: z
      .array(
        z.object({
          name: Name,
          kind: BenefitClass.describe("`cash`: an invoice falls; `avoided`: a contract is not signed; `capacity`: hours"),
          monthly: rangeOf(z.number().min(-1e12).max(1e12)).describe("At full adoption; it may be negative"),
          attribution: Share.describe("How much of it is due to the platform"),
          hours: Name.optional().describe("Whose hours these are: the same hours count once"),
        }),
      )
      .min(1)
      .max(30),
    capacityShare: z.number().min(0).max(1).default(0.5).describe("How much of hours won is put to use; they are never called savings"),
    seed: Seed,
  }),
  output: z.object({
    currency: z.string(),
    worth: Spread.describe("Net present value of cash and avoided cost: the headline"),
    withCapacity: Spread.describe("The same with hours won, apart"),
    breakEven: z
      .object({ month: z.number().int().optional(), chance: z.number() })
      .describe("The month from which the middle draw has paid back, without it: not in five years; and how many of all draws do"),
    ratio: z.number().optional().describe("Benefits / costs, discounted, of the likely numbers; absent where nothing is spent"),
    months: z
      .array(z.object({ month: z.number().int(), p10: z.number().int(), p50: z.number().int(), p90: z.number().int() }))
      .describe("Cumulated, discounted: cash and avoided cost less costs"),
    drivers: z.array(Driver).describe("What it would be worth with one input at its low or high end, the widest first"),
    neededFactor: z
      .number()
      .optional()
      .describe("Benefits would have to be so many times the likely ones to break even; absent where there are none"),
    says: z.string(),
  }),
});

const Money = z.number().min(0).max(1e15);
const Unit = z.number().min(0).max(1);

export const firstYear = defineOperation({
  name: "product.value.first-year",
  summary: "Compute the first year's return by DORA's calculator; without numbers, for DORA's own.",
  scope: "product:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/value/first-year" },
  input: z.object({
    staff: z.number().int().min(0).max(1_000_000).default(500),
    salary: Money.default(176_000),
    revenue: Money.default(100_000_000),
    downtimeCostPerHour: Money.default(100_000),
    ideaSuccessRate: Unit.default(0.33),
    revenuePerFeature: Unit.default(0.005),
    timeSaved: Unit.default(0.125),
    licencePerUser: Money.default(250),
    otherPerUser: Money.default(80),
    trainingPerUser: Money.default(9_600),
    infrastructure: Money.default(100_000),
    dip: Unit.default(0.15),
    dipMonths: z.number().min(0).max(24).default(3),
    deploymentsBefore: z.number().min(0).max(1e7).default(50),
    deploymentsAfter: z.number().min(0).max(1e7).default(56),
    featuresBefore: z.number().min(0).max(1e6).default(50),
    featuresAfter: z.number().min(0).max(1e6).default(56),
    failRateBefore: Unit.default(0.05),
    failRateAfter: Unit.default(0.06),
    recoveryHours: z.number().min(0).max(10_000).default(4),
  }),
  output: z.object({
    hardCosts: z.number().int(),
    dipCost: z.number().int(),
    investment: z.number().int(),
    capacity: z.number().int(),
    revenue: z.number().int(),
    downtime: z.number().int().describe("Negative where more deployments at a worse rate cost more than before"),
    value: z.number().int(),
    benefit: z.number().int(),
    returnOnInvestment: z.number().optional().describe("A share: 0.39 is 39 %; absent where nothing is invested"),
    paybackYears: z.number().optional().describe("Absent where it never pays back"),
    says: z.string(),
  }),
});

export const operations = [estimateStatusQuo, modelValue, firstYear] as const;
