import type { z } from "zod";

/** A setting that few people change: forms show it under "More settings". Say it last, after `describe`. */
export function advanced<T extends z.ZodType>(schema: T): T {
  return schema.meta({ ...schema.meta(), advanced: true });
}

/** A setting of several lines: forms give it room, and keep its line breaks. Say it after `describe`. */
export function longText<T extends z.ZodType>(schema: T): T {
  return schema.meta({ ...schema.meta(), "ui:widget": "textarea" });
}
