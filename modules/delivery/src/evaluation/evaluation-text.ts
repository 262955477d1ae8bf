import { z } from "zod";

const FileName = z
  .string()
  .max(300)
  .regex(/^[^/\\\0][^\\\0]*$/, "must be a path inside the repository")
  .refine((path) => !path.split("/").includes(".."), "must not lead out of the repository");

/** What `roadbed.yaml` says of how a component is evaluated: by a program of its own. */
export const EvaluationText = z.strictObject({
  set: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?$/, "must be lower-case letters, digits and hyphens")
    .default("cases"),
  cases: FileName,
  run: z
    .array(z.union([z.string().min(1).max(4_000), z.number()]).transform(String))
    .min(1, "must name a program")
    .max(100),
  grader: z
    .strictObject({
      name: z.string().trim().min(1).max(200),
      version: z.union([z.string().trim().min(1).max(200), z.number()]).transform(String),
    })
    .optional(),
  deadlineSeconds: z.number().int().min(1).max(3_600).default(600),
  memoryMb: z.number().int().min(64).max(4_096).default(512),
});
export type EvaluationText = z.infer<typeof EvaluationText>;
