import type { z } from "zod";

/** A setting that few people change: forms show it under "More settings". Say it last, after `describe`. */
export function advanced<T extends z.ZodType>(schema: T): T {
  return schema.meta({ ...schema.meta(), advanced: true });
}
