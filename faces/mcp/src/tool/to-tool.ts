import { fieldsOf, inputJsonSchema, outputJsonSchema, takesUnknownFields, type JsonSchema, type Operation } from "@roadbed/core";

/** An operation as an agent sees it in `tools/list`. */
export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: ObjectSchema;
  readonly outputSchema: ObjectSchema;
  readonly annotations: {
    readonly title: string;
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly idempotentHint: boolean;
    readonly openWorldHint: boolean;
  };
}

type ObjectSchema = JsonSchema & { readonly type: "object" };

/** Arguments of every write, beside the operation's own fields: they go into the audit log, not into the input. */
const REASON = { type: "string", minLength: 3, maxLength: 2_000, description: "Why you do this, in a sentence, for the audit log" };
const IDEMPOTENCY_KEY = { type: "string", minLength: 1, maxLength: 200, description: "The same key never does the same write twice" };

/** `catalog.entity.get` reads `catalog_entity_get`: some clients take no dots in names. */
export function toolNameOf(operation: Operation): string {
  return operation.name.replaceAll(".", "_");
}

/** Where a mistake can do great harm, an agent has to say why before it may. */
export function mustSayWhy({ risk }: Operation): boolean {
  return risk === "high" || risk === "destructive";
}

export function toTool(operation: Operation): Tool {
  const [, noun = "", verb = ""] = operation.name.split(".");
  const title = `${noun[0]?.toUpperCase() ?? ""}${noun.slice(1)}: ${verb.replaceAll("-", " ")}`;
  return {
    name: toolNameOf(operation),
    title,
    description: `${operation.summary} Needs the scope ${operation.scope}.${mustSayWhy(operation) ? " Risky: say why in `reason`." : ""}`,
    inputSchema: inputOf(operation),
    outputSchema: { type: "object", ...withoutClosedObjects(outputJsonSchema(operation.output)) } as ObjectSchema,
    annotations: {
      title,
      readOnlyHint: operation.risk === "read",
      destructiveHint: mustSayWhy(operation),
      idempotentHint: operation.risk === "read" || operation.http.method === "PUT" || operation.http.method === "DELETE",
      openWorldHint: false,
    },
  };
}

/** The names of the arguments that an operation's tool has beside the operation's fields. */
export function extraArguments(operation: Operation): Readonly<Record<string, JsonSchema>> {
  if (operation.risk === "read") return {};
  const fields = fieldsOf(operation.input) ?? {};
  return Object.fromEntries(Object.entries({ reason: REASON, idempotencyKey: IDEMPOTENCY_KEY }).filter(([name]) => !(name in fields)));
}

function inputOf(operation: Operation): ObjectSchema {
  const {
    properties = {},
    required = [],
    ...rest
  } = inputJsonSchema(operation.input) as { properties?: object; required?: string[] } & JsonSchema;
  const needed = [...new Set([...required, ...(mustSayWhy(operation) ? ["reason"] : [])])];
  return {
    ...rest,
    type: "object",
    properties: { ...properties, ...extraArguments(operation) },
    ...(needed.length === 0 ? {} : { required: needed }),
    ...(takesUnknownFields(operation.input) ? {} : { additionalProperties: false }),
  };
}

/** An answer may grow fields later; an agent that holds an older list must not refuse it. */
function withoutClosedObjects(schema: unknown): JsonSchema {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    key === "additionalProperties" && value === false ? undefined : value,
  ) as JsonSchema;
}
