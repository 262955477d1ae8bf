import type { RolloutStep } from "@roadbed/contracts/delivery/rollouts";
import { z } from "zod";

import { Folder } from "../workload/folder.ts";
import type { TemplateMetric } from "./template/metric.ts";

const HeaderName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, "must be the name of a header")
  .transform((name) => name.toLowerCase())
  .refine((name) => !["host", "cookie", "authorization", "connection"].includes(name), "is a header that has another meaning");

const Share = z.number().gt(0).max(0.5);

/** One step, as it stands in `roadbed.yaml`: exactly one of these. */
const StepText = z.union(
  [
    z.strictObject({ weight: z.number().int().min(0).max(100) }),
    z.strictObject({
      pause: z
        .strictObject({
          seconds: z
            .number()
            .int()
            .min(1)
            .max(7 * 86_400)
            .optional(),
        })
        .nullable(),
    }),
    z.strictObject({
      analysis: z
        .strictObject({
          deadlineSeconds: z
            .number()
            .int()
            .min(10)
            .max(7 * 86_400)
            .optional(),
        })
        .nullable(),
    }),
    z.strictObject({ header: z.strictObject({ name: HeaderName, value: z.string().min(1).max(200).optional() }) }),
    z.strictObject({ mirror: z.strictObject({ percent: z.number().int().min(1).max(100), unsafe: z.boolean().default(false) }) }),
  ],
  { error: "must be one of weight, pause, analysis, header and mirror" },
);

/** What is told of a release that answers with a model; each is judged only where it is named here, so that the chance of a false alarm is shared beforehand. */
const Worse = z.strictObject({
  within: z.number().gt(1).max(10).default(1.5),
  /** Values above these quantiles of the stable release are counted. */
  quantiles: z.array(z.number().min(0.5).max(0.99)).min(1).max(3).default([0.5, 0.9]),
  proven: z.array(z.number()).max(3).default([0.5]),
  tolerance: z.number().min(1).max(5).default(1.1),
});
const Samples = z.strictObject({
  /** From 0 to 1. No inferiority is proven when the mean is lower by less than `within`. */
  score: z.strictObject({ within: z.number().gt(0).max(0.5).default(0.05), needed: z.boolean().default(true) }).optional(),
  tokens: Worse.optional(),
  cost: Worse.optional(),
  ttft: Worse.optional(),
});

const Settings = z.strictObject({
  /** How often the evidence is looked at. Looking more often finds things sooner and never costs validity. */
  everySeconds: z.number().int().min(1).max(600).default(10),
  deadlineSeconds: z
    .number()
    .int()
    .min(10)
    .max(7 * 86_400)
    .default(1_800),
  falseAlarm: Share.default(0.02),
  falsePass: Share.default(0.05),
  /** No inferiority is proven when errors are fewer than this many times the baseline's, or rarer than `orBelow`. */
  errors: z
    .strictObject({ within: z.number().gt(1).max(10).default(1.5), orBelow: z.number().min(0).max(0.2).default(0.005) })
    .prefault({}),
  slow: z
    .strictObject({
      within: z.number().gt(1).max(10).default(1.5),
      /** Requests slower than these quantiles of the stable release are counted. */
      quantiles: z.array(z.number().min(0.5).max(0.999)).max(5).default([0.5, 0.9, 0.99]),
      /** Of these it must be proven that they are no worse; of the others a regression counts, and nothing has to be proven. */
      proven: z.array(z.number()).max(5).default([0.9]),
      tolerance: z.number().min(1).max(5).default(1.1),
    })
    .prefault({}),
  samples: Samples.optional(),
});

/** Gross failures, for which nobody waits for statistics. */
const Tripwires = z.strictObject({
  /** More than this share of the candidate's requests of the last minute failed, and not half as many of the others'. */
  failedShare: z.number().min(0.01).max(1).default(0.2),
  /** Fewer requests than this say nothing. */
  leastRequests: z.number().int().min(1).default(20),
  /** It crashed this many times. */
  crashes: z.number().int().min(1).max(20).default(3),
  /** An objective of the component begins, during the rollout, to burn its error budget at the rate of a page. */
  budgetBurn: z.boolean().optional(),
  /** AnalysisTemplates of Argo Rollouts, files of the same repository. In a value of an argument `${commit}` and the like say what is rolled out. */
  templates: z
    .array(
      z.strictObject({
        file: Folder.pipe(z.string().max(500)),
        args: z.record(z.string().max(200), z.union([z.string().max(4_000), z.number(), z.boolean()]).transform(String)).default({}),
      }),
    )
    .max(10)
    .optional(),
});

const STRATEGIES = ["all-at-once", "rolling", "blue-green", "canary", "shadow"] as const;

const Strategy = z.strictObject({
  strategy: z.enum(STRATEGIES).optional(),
  steps: z.array(StepText).min(1).max(50).optional(),
  /** Of blue-green: how long one may look before requests are led over, and how long the way back stays warm. */
  lookSeconds: z
    .number()
    .int()
    .min(0)
    .max(7 * 86_400)
    .optional(),
  keepSeconds: z.number().int().min(0).max(86_400).optional(),
  sticky: z
    .union([z.strictObject({ header: HeaderName }), z.strictObject({ cookie: z.union([z.literal(true), z.string().min(1).max(100)]) })])
    .optional(),
  analysis: Settings.optional(),
  tripwires: Tripwires.optional(),
});

/** `rollout` of `roadbed.yaml`: how a release replaces the one before, with what differs in an environment. */
export const RolloutText = Strategy.extend({
  environments: z.record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/), Strategy).optional(),
}).superRefine((rollout, check) => {
  const all = [{ path: [] as string[], one: rollout as z.infer<typeof Strategy> }];
  for (const [name, one] of Object.entries(rollout.environments ?? {})) all.push({ path: ["environments", name], one });
  for (const { path, one } of all) {
    const how = one.strategy ?? rollout.strategy ?? "all-at-once";
    if (one.tripwires?.templates !== undefined && (how === "all-at-once" || how === "rolling"))
      check.addIssue({
        code: "custom",
        path: [...path, "tripwires", "templates"],
        message: "only canary, blue-green and shadow last long enough to be measured",
      });
    if (one.steps === undefined) continue;
    const strategy = one.strategy ?? rollout.strategy;
    if (strategy !== "canary" && strategy !== "shadow")
      check.addIssue({ code: "custom", path: [...path, "steps"], message: "only canary and shadow have steps" });
    if (strategy === "shadow" && one.steps.some((step) => "weight" in step && step.weight > 0))
      check.addIssue({ code: "custom", path: [...path, "steps"], message: "a shadow answers nobody: leave out weight" });
    const analysed = one.steps.findIndex((step) => "analysis" in step);
    const weighted = one.steps.findIndex((step) => "weight" in step && step.weight > 0);
    if (strategy === "canary" && analysed >= 0 && (weighted < 0 || weighted > analysed))
      check.addIssue({ code: "custom", path: [...path, "steps", analysed], message: "an analysis needs a weight before it" });
  }
});
export type RolloutText = z.infer<typeof RolloutText>;

/** All that is needed to carry a rollout through, with every default written out: it is stored with the rollout. */
export interface RolloutPlan {
  readonly strategy: (typeof STRATEGIES)[number];
  readonly steps: readonly RolloutStep[];
  readonly sticky?: { readonly by: "header" | "cookie"; readonly name?: string };
  readonly analysis: z.infer<typeof Settings>;
  readonly tripwires: z.infer<typeof Tripwires>;
  /** What the AnalysisTemplates measure, as they stood in the release's commit. */
  readonly metrics?: readonly TemplateMetric[];
}

/** The plan for an environment: what it says itself goes before what is said for all. */
export function planFor(text: RolloutText | undefined, environment: string): RolloutPlan {
  const { environments, ...all } = text ?? {};
  const own = { ...all, ...environments?.[environment] };
  // Steps of another strategy are not this one's.
  const steps = own.strategy === all.strategy || environments?.[environment]?.steps !== undefined ? own.steps : undefined;
  const strategy = own.strategy ?? "all-at-once";
  return {
    strategy,
    steps: stepsOf(strategy, { ...own, steps }),
    ...(own.sticky === undefined ? {} : { sticky: stickyOf(own.sticky) }),
    analysis: own.analysis ?? Settings.parse({}),
    tripwires: own.tripwires ?? Tripwires.parse({}),
  };
}

/** Whether two releases run beside each other and somebody or something decides between them. */
export function isDecided({ strategy }: RolloutPlan): boolean {
  return strategy === "canary" || strategy === "blue-green" || strategy === "shadow";
}

function stepsOf(strategy: RolloutPlan["strategy"], { steps, lookSeconds, keepSeconds = 300 }: z.infer<typeof Strategy>): RolloutStep[] {
  if (steps !== undefined) return steps.map(toStep);
  if (strategy === "canary")
    return [{ kind: "weight", weight: 10 }, { kind: "analysis" }, { kind: "weight", weight: 50 }, { kind: "analysis" }];
  if (strategy === "shadow") return [{ kind: "mirror", percent: 100, unsafe: false }, { kind: "pause", seconds: 600 }, { kind: "pause" }];
  if (strategy !== "blue-green") return [];
  return [
    { kind: "header", name: "x-roadbed-preview" },
    lookSeconds === 0 ? undefined : { kind: "pause" as const, ...(lookSeconds === undefined ? {} : { seconds: lookSeconds }) },
    { kind: "weight", weight: 100 },
    keepSeconds === 0 ? undefined : { kind: "pause" as const, seconds: keepSeconds },
  ].filter((step) => step !== undefined) as RolloutStep[];
}

function toStep(text: z.infer<typeof StepText>): RolloutStep {
  if ("weight" in text) return { kind: "weight", weight: text.weight };
  if ("pause" in text) return { kind: "pause", ...(text.pause?.seconds === undefined ? {} : { seconds: text.pause.seconds }) };
  if ("analysis" in text) {
    const seconds = text.analysis?.deadlineSeconds;
    return { kind: "analysis", ...(seconds === undefined ? {} : { deadlineSeconds: seconds }) };
  }
  if ("header" in text) {
    const { name, value } = text.header;
    return { kind: "header", name, ...(value === undefined ? {} : { value }) };
  }
  return { kind: "mirror", ...text.mirror };
}

function stickyOf(sticky: NonNullable<z.infer<typeof Strategy>["sticky"]>): NonNullable<RolloutPlan["sticky"]> {
  if ("header" in sticky) return { by: "header", name: sticky.header };
  return { by: "cookie", ...(sticky.cookie === true ? {} : { name: sticky.cookie }) };
}
