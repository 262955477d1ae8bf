import { readFileSync } from "node:fs";

import { parse } from "yaml";
import { z } from "zod";

const Ai = z.object({
  does: z.enum(["chat", "embeddings", "invoke_agent", "execute_tool"]),
  provider: z.string().optional(),
  model: z.string().optional(),
  /** The model that answers, where its name has a version. */
  answers: z.string().optional(),
  prompt: z.string().optional(),
  promptVersion: z.string().optional(),
  agent: z.string().optional(),
  tool: z.string().optional(),
  /** Typical tokens; `cached` is the share of the input that comes from a cache. */
  input: z.number().optional(),
  output: z.number().optional(),
  cached: z.number().min(0).max(1).optional(),
  /** Typical milliseconds to the first token. */
  first: z.number().optional(),
  finish: z.string().optional(),
});
export type FlowAi = z.infer<typeof Ai>;

/** A span of a component, or a call to a store; `calls` happen inside it, one after another. */
export interface FlowNode {
  readonly service?: string | undefined;
  readonly store?: string | undefined;
  readonly system?: string | undefined;
  /** It is a call of a model, an agent's run or a tool. */
  readonly ai?: FlowAi | undefined;
  readonly operation: string;
  readonly kind: "server" | "consumer";
  /** Typical own time in milliseconds, without the calls. */
  readonly ms: number;
  readonly calls: readonly FlowNode[];
}

const Node: z.ZodType<FlowNode> = z.object({
  service: z.string().optional(),
  store: z.string().optional(),
  system: z.string().optional(),
  ai: Ai.optional(),
  operation: z.string(),
  kind: z.enum(["server", "consumer"]).default("server"),
  ms: z.number(),
  get calls() {
    return z.array(Node).default([]);
  },
}) as never;

/** `3d 4h`, `38m`, `90s` → milliseconds. */
const Span = z.string().transform((text, issues) => {
  const parts = [...text.matchAll(/(\d+)([dhms])/g)];
  if (parts.length === 0) issues.addIssue({ code: "custom", message: "must look like 3d 4h, 38m or 90s" });
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNIT[unit as keyof typeof UNIT], 0);
});
const UNIT = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 };

const PlannedIncident = z.object({
  ago: Span,
  starts: Span.optional(),
  every: Span.optional(),
  lasts: Span,
  service: z.string(),
  /** Share of the service's requests that fail while it lasts. */
  errors: z.number().min(0).max(1),
  /** Factor on the service's own time. */
  slower: z.number().min(1),
  severity: z.enum(["low", "high", "critical"]),
  title: z.string(),
  summary: z.string(),
});
export type PlannedIncident = z.infer<typeof PlannedIncident>;

const Estate = z.object({
  scale: z.number().positive(),
  flows: z.array(z.object({ name: z.string(), perMinute: z.number().positive(), root: Node })),
  incidents: z.array(PlannedIncident),
});
export type Estate = z.infer<typeof Estate>;

/** Reads and checks `flows.yaml`. */
export function readEstate(file: string): Estate {
  return Estate.parse(parse(readFileSync(file, "utf8")));
}
