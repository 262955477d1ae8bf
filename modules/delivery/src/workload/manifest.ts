import type { InvalidError } from "@roadbed/core";
import { z } from "zod";

import { AgentText, isConfigured, ModelText, PromptText } from "../configuration/configuration-text.ts";
import { EvaluationText } from "../evaluation/evaluation-text.ts";
import { RolloutText } from "../rollout/plan.ts";
import { isTimeZone, parseCron } from "../job/cron.ts";
import { Folder } from "./folder.ts";
import { readYaml } from "./read-yaml.ts";

export const MANIFEST_FILE = "roadbed.yaml";
/** Set by the platform; see README.md. */
export const RESERVED =
  /^(PATH|HOME|TMPDIR|LANG|TZ|PORT|HOST|NODE_OPTIONS|ROADBED_.*|OTEL_SERVICE_NAME|OTEL_EXPORTER_OTLP_(ENDPOINT|PROTOCOL|HEADERS)|OTEL_RESOURCE_ATTRIBUTES)$/;

export const Command = z
  .array(z.union([z.string().min(1).max(4_000), z.number()]).transform(String))
  .min(1, "must name a program")
  .max(100);
/** When a job runs: as in Kubernetes' CronJob, whose words these are where it has one. */
const Schedule = z.strictObject({
  cron: z.string().max(200),
  timeZone: z.string().max(100).refine(isTimeZone, "must be a time zone such as Europe/Berlin").default("UTC"),
  concurrency: z.enum(["forbid", "replace"]).default("forbid"),
  deadlineSeconds: z.number().int().min(1).max(86_400).default(3_600),
  catchUp: z.boolean().default(false),
});

const Manifest = z
  .strictObject({
    kind: z.enum(["service", "worker", "site", "job", "prompt", "model", "agent"]),
    prompt: PromptText.optional(),
    model: ModelText.optional(),
    agent: AgentText.optional(),
    evaluation: EvaluationText.optional(),
    schedule: Schedule.optional(),
    build: z.array(Command).max(20).default([]),
    start: Command.optional(),
    health: z
      .string()
      .regex(/^\/[!-~]*$/, "must be a path that begins with /")
      .optional(),
    env: z
      .record(
        z
          .string()
          .regex(/^[A-Z_][A-Z0-9_]*$/, "must be in capitals, digits and _")
          .refine((name) => !RESERVED.test(name), "is set by the platform"),
        z.union([z.string().max(8_000), z.number(), z.boolean()]).transform(String),
      )
      .default({}),
    limits: z
      .strictObject({
        memoryMb: z.number().int().min(64).max(4_096).default(256),
        /** Of a core in 1000 parts; what a cluster sets aside for each process. */
        cpuMillis: z.number().int().min(10).max(64_000).optional(),
        answerSeconds: z.number().int().min(1).max(3_600).optional(),
      })
      .prefault({}),
    cost: z
      .strictObject({
        monthly: z.string().regex(/^\d{1,9}(\.\d{1,2})?$/, 'must be money as text, e.g. "12.50"'),
        currency: z.string().regex(/^[A-Z]{3}$/, "must be three letters, e.g. EUR"),
      })
      .optional(),
    scale: z
      .strictObject({
        replicas: z.number().int().min(1).max(20),
        /** In a cluster: up to so many while each uses more than `cpuPercent` of what is set aside for it. */
        upTo: z.number().int().min(2).max(200).optional(),
        cpuPercent: z.number().int().min(10).max(95).optional(),
      })
      .optional(),
    rollout: RolloutText.optional(),
    previews: z.union([z.boolean(), z.strictObject({ hours: z.number().int().min(1).max(336) })]).optional(),
    site: z.strictObject({ dir: Folder.default("public") }).prefault({}),
  })
  .superRefine((manifest, check) => {
    const { kind, start, schedule, health, scale, rollout } = manifest;
    for (const one of ["prompt", "model", "agent"] as const) {
      if (kind === one && manifest[one] === undefined)
        check.addIssue({ code: "custom", path: [one], message: `is needed: it says what the ${one} is` });
      if (kind !== one && manifest[one] !== undefined)
        check.addIssue({ code: "custom", path: [one], message: `only what has kind: ${one} has one` });
    }
    if (isConfigured(kind)) {
      if (start !== undefined) check.addIssue({ code: "custom", path: ["start"], message: `a ${kind} has no process` });
      if (manifest.build.length > 0) check.addIssue({ code: "custom", path: ["build"], message: `a ${kind} is not built` });
    }
    if (scale !== undefined && kind !== "service" && kind !== "worker")
      check.addIssue({ code: "custom", path: ["scale"], message: `a ${kind} has no processes that run all the time` });
    if (scale?.upTo !== undefined && scale.upTo <= scale.replicas)
      check.addIssue({ code: "custom", path: ["scale", "upTo"], message: "must be more than replicas" });
    if (scale?.cpuPercent !== undefined && scale.upTo === undefined)
      check.addIssue({ code: "custom", path: ["scale", "cpuPercent"], message: "goes with upTo" });
    if (rollout !== undefined && kind !== "service" && (kind !== "worker" || !isPlain(rollout)))
      check.addIssue({
        code: "custom",
        path: ["rollout"],
        message: `a ${kind} answers no requests that could be led from one release to another`,
      });
    if (kind === "job" && schedule === undefined) check.addIssue({ code: "custom", path: ["schedule"], message: "is needed for a job" });
    if (kind !== "job" && schedule !== undefined) check.addIssue({ code: "custom", path: ["schedule"], message: "only a job has one" });
    if (kind === "job" && health !== undefined) check.addIssue({ code: "custom", path: ["health"], message: "a job listens on nothing" });
    const fault = schedule === undefined ? undefined : faultOf(schedule.cron);
    if (fault !== undefined) check.addIssue({ code: "custom", path: ["schedule", "cron"], message: fault });
    if (kind !== "site" && !isConfigured(kind) && start === undefined)
      check.addIssue({ code: "custom", path: ["start"], message: `is needed for a ${kind}` });
    if (kind === "site" && start !== undefined) check.addIssue({ code: "custom", path: ["start"], message: "a site has no process" });
  });

/** How a repository is built and run: the content of its `roadbed.yaml`, as README.md describes it. */
export type Manifest = z.infer<typeof Manifest>;

function isPlain({ environments = {}, ...all }: RolloutText): boolean {
  return [all, ...Object.values(environments)].every(
    ({ strategy = "all-at-once" }) => strategy === "all-at-once" || strategy === "rolling",
  );
}

function faultOf(cron: string): string | undefined {
  try {
    return void parseCron(cron);
  } catch (error) {
    const { message, mend } = error as InvalidError;
    return [message, mend].join(" ");
  }
}

/** Throws `InvalidError`; each problem says on which line. */
export function parseManifest(text: string): Manifest {
  return readYaml(Manifest, MANIFEST_FILE, text);
}
