import { z } from "zod";

import { defineAction, type Action } from "./action.ts";

/**
 * Marks the place where policies are judged. They are judged before every step that leaves the workspace in any case
 * (run/run-steps.ts, run/preview-run.ts); a path names this one to have them judged earlier.
 */
export const policy: Action = defineAction({
  id: "roadbed:policy",
  description: "Asks the policies about everything made so far.",
  input: z.object({}).default({}),
  reach: "local",
  writesWorkspace: false,
  describe: async () => ({ words: "Asks the policies about everything made so far." }),
  run: async () => ({}),
});
