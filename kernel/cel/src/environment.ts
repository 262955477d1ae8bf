import { Environment } from "@marcbachmann/cel-js";

import type { Shape, TypeSchema } from "./check-fields.ts";
import { registerFormat } from "./functions/format.ts";
import { registerLists } from "./functions/lists.ts";
import { registerMoreLists } from "./functions/more-lists.ts";
import { registerNetwork } from "./functions/network.ts";
import { registerOptionals } from "./functions/optionals.ts";
import { registerQuantity } from "./functions/quantity.ts";
import { registerRegex } from "./functions/regex.ts";
import { registerSemver } from "./functions/semver.ts";
import { registerStrings } from "./functions/strings.ts";
import { registerTwoVariables } from "./functions/two-variables.ts";
import { registerUrl } from "./functions/url.ts";
import { Unknown } from "./unknown.ts";

/** A variable's type: `dyn` for JSON from outside, an object whose fields are known, or one of a named type. */
export type VariableType =
  | "dyn"
  | "string"
  | "bool"
  | "int"
  | "double"
  | "list"
  | "map"
  /** `shapes`: the named types of its fields, as `checkExpression` found them. */
  | { readonly fields: readonly string[]; readonly shapes?: Readonly<Record<string, Shape>> }
  | TypeSchema;

/** Longest expression that is looked at, in characters. */
export const EXPRESSION_LIMIT = 20_000;

/** The language with our functions and these variables; others do not compile. */
export function createEnvironment(variables: Readonly<Record<string, VariableType>>): Environment {
  const environment = base().clone();
  for (const [name, type] of Object.entries(variables)) declare(environment, name, type);
  return environment;
}

let made: Environment | undefined;

/** Built once, when first needed: declaring the functions costs milliseconds, a copy of it microseconds. */
function base(): Environment {
  if (made) return made;
  const environment = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false });
  registerRegex(environment);
  registerStrings(environment);
  registerLists(environment);
  registerQuantity(environment);
  registerUrl(environment);
  registerOptionals(environment);
  registerNetwork(environment);
  registerSemver(environment);
  registerFormat(environment);
  registerMoreLists(environment);
  registerTwoVariables(environment);
  // Lists and maps may hold what is not known; only what is asked with such values reads one.
  environment.registerType("roadbed.Unknown", Unknown);
  return (made = environment);
}

function declare(environment: Environment, name: string, type: VariableType): void {
  if (typeof type === "string") environment.registerVariable(name, type);
  // Named types are followed by `checkFields`: an object of JSON stays an object of JSON for the engine.
  // A schema must have a field: one that no expression can name stands for none.
  else if ("types" in type) environment.registerVariable(name, "dyn");
  else environment.registerVariable({ name, schema: Object.fromEntries([" ", ...type.fields].map((field) => [field, "dyn"])) });
}
