import { EXAMPLES } from "@roadbed/contracts/examples";
import type { JsonSchema } from "@roadbed/core";

/** An example value for a field where one is cheap: by its name, its default or its enum. */
export function exampleOf(name: string, schema: JsonSchema): unknown {
  if (name in EXAMPLES) return EXAMPLES[name];
  if (schema["default"] !== undefined) return schema["default"];
  return Array.isArray(schema["enum"]) ? (schema["enum"][0] as unknown) : undefined;
}
