import { defineOperation } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog.ts";

/** What is deployed without a process: it is read by those who use it. */
export const ConfigurationKind = z.enum(["prompt", "model", "agent"]);
export type ConfigurationKind = z.infer<typeof ConfigurationKind>;

/** A prompt, model or agent as an environment has it. */
export const Configuration = z.object({
  entityRef: z.string(),
  environment: z.string(),
  kind: ConfigurationKind,
  name: z.string(),
  version: z.string().describe("As roadbed.yaml says, else the first digits of the commit"),
  digest: z.string().describe("Of the content in canonical form: sha256 of JSON with sorted keys"),
  commit: z.string(),
  release: z.number().int().optional().describe("Its number; absent until its deployment has been made a release"),
  since: z.iso.datetime().optional().describe("When it came to this environment"),
  content: z
    .record(z.string(), z.unknown())
    .describe("Messages, parameters and model of a prompt; registry and digest of a model; tools and limits of an agent"),
});
export type Configuration = z.infer<typeof Configuration>;

export const getConfiguration = defineOperation({
  name: "delivery.configuration.get",
  summary: "Read the prompt, model or agent that an environment has; waits for another one when asked to.",
  scope: "configuration:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/configurations" },
  input: z.object({
    entityRef: EntityRef,
    environment: z.string().max(100).default("dev"),
    have: z
      .string()
      .max(100)
      .optional()
      .describe("The digest that the caller has: with waitSeconds it is answered when there is another one, or when the time is over"),
    waitSeconds: z.coerce.number().int().min(0).max(55).default(0),
  }),
  output: Configuration,
  cli: { positional: ["entityRef"], columns: ["name", "environment", "version", "digest", "release", "content"] },
});

export const operations = [getConfiguration] as const;
