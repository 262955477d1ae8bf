import { ConfigurationKind } from "@roadbed/contracts/delivery/configurations";
import { z } from "zod";

/** What `roadbed.yaml` says of a prompt, a model or an agent: data that is served, without a process. */

const FileName = z
  .string()
  .max(300)
  .regex(/^[^/\\\0][^\\\0]*$/, "must be a path inside the repository")
  .refine((path) => !path.split("/").includes(".."), "must not lead out of the repository");
const Version = z
  .union([z.string().trim().min(1).max(200), z.number()])
  .transform(String)
  .describe("Default: the first digits of the commit");
const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, "must be sha256: and 64 hexadecimal digits");
const Parameters = z.record(z.string().min(1).max(100), z.json()).default({});

/** A model by its registry's name and version; with the digest it cannot be moved to something else. */
export const ModelBinding = z.strictObject({
  name: z.string().trim().min(1).max(300),
  version: z.union([z.string().trim().min(1).max(200), z.number()]).transform(String),
  digest: Digest.optional(),
});

const Message = z
  .strictObject({
    role: z.enum(["system", "user", "assistant"]),
    text: z.string().max(200_000).optional(),
    file: FileName.optional(),
  })
  .refine(({ text, file }) => (text === undefined) !== (file === undefined), "must have either text or file");
const Messages = z.array(Message).min(1, "must have a message").max(50);

export const PromptText = z.strictObject({
  version: Version.optional(),
  messages: Messages,
  /** What `{{name}}` in them stands for. Default: whatever they name. */
  variables: z
    .array(z.string().regex(/^[A-Za-z_]\w{0,99}$/, "must be a name of letters, digits and _"))
    .max(200)
    .optional(),
  parameters: Parameters,
  model: ModelBinding.optional(),
});

export const ModelText = z.strictObject({
  /** E.g. `oci://registry/ranker` or `models:/ranker`. */
  registry: z.string().trim().min(1).max(500),
  name: z.string().trim().min(1).max(300).optional(),
  version: z.union([z.string().trim().min(1).max(200), z.number()]).transform(String),
  digest: Digest,
  licence: z.string().trim().min(1).max(200),
  card: FileName.optional(),
  parameters: Parameters,
});

const Tool = z.strictObject({
  name: z.string().regex(/^[\w.:-]{1,200}$/, "must be letters, digits, dots, colons, dashes and _"),
  description: z.string().max(2_000).optional(),
  input: z.record(z.string(), z.json()).optional().describe("JSON Schema"),
  approval: z.boolean().optional().describe("A person is asked before it is used"),
});

export const AgentText = z
  .strictObject({
    version: Version.optional(),
    messages: Messages.optional(),
    /** A prompt of the platform, as it was released. */
    prompt: z.strictObject({ component: z.string().trim().min(1).max(300), digest: Digest }).optional(),
    model: ModelBinding,
    tools: z
      .array(Tool)
      .max(200)
      .default([])
      .refine((tools) => new Set(tools.map(({ name }) => name)).size === tools.length, "names a tool twice"),
    limits: z
      .strictObject({
        turns: z.number().int().min(1).max(10_000).optional(),
        tokens: z.number().int().min(1).optional(),
        seconds: z.number().int().min(1).optional(),
        cost: z
          .strictObject({
            amount: z.string().regex(/^\d{1,9}(\.\d{1,6})?$/, 'must be money as text, e.g. "0.50"'),
            currency: z.string().regex(/^[A-Z]{3}$/),
          })
          .optional(),
      })
      .default({}),
    parameters: Parameters,
  })
  .refine(({ messages, prompt }) => (messages === undefined) !== (prompt === undefined), "must have either messages or prompt");

export type Messages = z.infer<typeof Messages>;

/** Whether it is data that is served, and has no process. */
export function isConfigured(kind: string): kind is ConfigurationKind {
  return (ConfigurationKind.options as readonly string[]).includes(kind);
}
