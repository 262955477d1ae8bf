import { z } from "zod";

/** A reading of repositories, from the question to the proposals. */
export const Discovery = z.object({
  id: z.string(),
  /** A folder of the server's machine, a source, or everything that was read before. */
  kind: z.enum(["folder", "source", "all"]),
  target: z.string(),
  status: z.enum(["queued", "running", "succeeded", "failed"]),
  /** Repositories found, and how many of them are read; 0 while they are being looked for. */
  total: z.number().int(),
  done: z.number().int(),
  /** Of `done`, how many were the same as at the last reading and were not opened. */
  unchanged: z.number().int(),
  current: z.string().optional(),
  /** The Git host allows no more calls before; what was read is proposed already. */
  waitsUntil: z.iso.datetime().optional(),
  /** The same as steps, for those who wait. */
  steps: z.array(z.object({ id: z.string(), name: z.string(), status: z.enum(["open", "processing", "completed", "failed"]) })),
  proposals: z
    .object({
      added: z.number().int(),
      changed: z.number().int(),
      reopened: z.number().int(),
      withdrawn: z.number().int(),
      open: z.number().int(),
    })
    .optional(),
  error: z.string().optional(),
  /** Files that could not be understood, and repositories that could not be read. */
  notes: z.array(z.object({ repository: z.string(), file: z.string(), reason: z.string() })),
  requestedAt: z.iso.datetime(),
  startedAt: z.iso.datetime().optional(),
  finishedAt: z.iso.datetime().optional(),
});
export type Discovery = z.infer<typeof Discovery>;
