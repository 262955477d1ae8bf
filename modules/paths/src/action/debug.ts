import { CancelledError } from "@roadbed/core";
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { z } from "zod";

import { listFiles, readText } from "../workspace/workspace.ts";
import { defineAction, type Action } from "./action.ts";

/** Writes into the run's log. */
export const debugLog: Action = defineAction({
  id: "debug:log",
  description: "Writes a message, and if asked the files of the workspace, into the run's log.",
  input: z.object({
    message: z.coerce.string().optional(),
    listWorkspace: z.union([z.boolean(), z.enum(["with-filenames", "with-contents"])]).default(false),
    extra: z.unknown().optional(),
  }),
  reach: "local",
  writesWorkspace: false,
  describe: async (_c, { message }) => ({ words: message === undefined ? "Writes to the log." : `Writes to the log: ${message}` }),
  async run(c, { message, listWorkspace }) {
    if (message !== undefined) await c.log("info", message);
    if (listWorkspace === false) return {};
    for (const { path, bytes } of await listFiles(c.workspace)) {
      await c.log("info", `${path} (${bytes} bytes)`);
      if (listWorkspace === "with-contents")
        await c.log("info", (await readText(join(c.workspace, path)))?.slice(0, 10_000) ?? "(not a text)");
    }
    return {};
  },
});

const LONGEST_WAIT = 10 * 60_000;

/** A pause. */
export const debugWait: Action = defineAction({
  id: "debug:wait",
  description: "Waits; five seconds unless told otherwise, ten minutes at most.",
  input: z
    .object({ minutes: z.number().min(0).optional(), seconds: z.number().min(0).optional(), milliseconds: z.number().min(0).optional() })
    .refine((input) => millisecondsOf(input) <= LONGEST_WAIT, "waits longer than ten minutes"),
  reach: "local",
  writesWorkspace: false,
  waits: true,
  supportsPreview: false,
  describe: async (_c, input) => ({ words: `Waits ${millisecondsOf(input) / 1_000} s.` }),
  async run(c, input) {
    const ms = millisecondsOf(input);
    await c.log("info", `Waiting ${ms / 1_000} s.`);
    await sleep(ms, undefined, { signal: c.signal }).catch((cause: unknown) => {
      throw new CancelledError("The wait was ended.", { cause });
    });
    return {};
  },
});

interface Wait {
  readonly minutes?: number | undefined;
  readonly seconds?: number | undefined;
  readonly milliseconds?: number | undefined;
}

function millisecondsOf({ minutes, seconds, milliseconds }: Wait): number {
  if (minutes === undefined && seconds === undefined && milliseconds === undefined) return 5_000;
  return (minutes ?? 0) * 60_000 + (seconds ?? 0) * 1_000 + (milliseconds ?? 0);
}
