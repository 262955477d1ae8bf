import { z } from "zod";

/** A time in which a run stood still until somebody did something. */
export const WaitForPeople = z.object({
  /** `input`: it had failed or was cancelled, and somebody had it go on. */
  reason: z.enum(["approval", "input"]),
  what: z.string().describe("The approval's name, or how the attempt ended that somebody looked after"),
  since: z.iso.datetime(),
  /** Absent while it waits. */
  until: z.iso.datetime().optional(),
  minutes: z.number().describe("Until now where it still waits"),
  /** Who did it; nobody where it expired or was withdrawn. */
  by: z.array(z.object({ actor: z.string(), name: z.string() })),
});
export type WaitForPeople = z.infer<typeof WaitForPeople>;
