import { Ajv, type ErrorObject } from "ajv";
import formats from "ajv-formats";

export interface Page {
  readonly title: string;
  readonly schema: Record<string, unknown>;
}

export interface SchemaProblem {
  /** Dotted path into the values; "" for the whole page. */
  readonly field: string;
  readonly reason: string;
  readonly mend?: string;
}

/**
 * Checks the values against each page by itself, as Backstage does, and gives back the values with the schemas' defaults.
 * Throws `Error` when a schema is not one.
 */
export function validateValues(
  pages: readonly Page[],
  given: Record<string, unknown>,
): { readonly problems: readonly SchemaProblem[]; readonly values: Record<string, unknown> } {
  const values = structuredClone(given);
  const problems = pages.flatMap((page) => validatePage(page, values));
  return { problems: dropDoubles(problems), values };
}

function validatePage(page: Page, values: Record<string, unknown>): SchemaProblem[] {
  const validate = compile(page);
  if (validate(values)) return [];
  const errors = withoutOtherBranches(validate.errors ?? []);
  const telling = errors.filter(({ keyword }) => !["oneOf", "anyOf", "allOf", "if", "dependencies"].includes(keyword));
  return (telling.length > 0 ? telling : errors).map((error) => toProblem(error));
}

/**
 * A form asks for more when something is chosen by `oneOf`, one branch per choice. What the branches of other choices miss is
 * no fault. A branch is another choice's when a property that each branch fixes by `const` or `enum` does not fit it.
 */
function withoutOtherBranches(errors: readonly ErrorObject[]): ErrorObject[] {
  const others = errors
    .filter(({ keyword }) => keyword === "oneOf" || keyword === "anyOf")
    .flatMap((choice) =>
      choicesOf(choice.schema).flatMap((property) =>
        errors.flatMap(({ schemaPath }) => {
          if (!schemaPath.startsWith(`${choice.schemaPath}/`)) return [];
          const [, branch, name] = /^(\d+)\/properties\/(.+)\/(?:const|enum)$/.exec(schemaPath.slice(choice.schemaPath.length + 1)) ?? [];
          return name === property ? [`${choice.schemaPath}/${branch}/`] : [];
        }),
      ),
    );
  const left = errors.filter(({ schemaPath }) => !others.some((branch) => schemaPath.startsWith(branch)));
  return left.length > 0 ? left : [...errors];
}

/** The properties that every branch fixes. */
function choicesOf(branches: unknown): string[] {
  const fixed = (Array.isArray(branches) ? branches : []).map(
    (branch: { properties?: Record<string, { const?: unknown; enum?: unknown }> }) =>
      Object.entries(branch.properties ?? {}).flatMap(([name, schema]) =>
        schema.const === undefined && schema.enum === undefined ? [] : [name],
      ),
  );
  return (fixed[0] ?? []).filter((name) => fixed.every((names) => names.includes(name)));
}

const MOST_KEPT = 100;
const compiled = new Map<string, ReturnType<Ajv["compile"]>>();

/** The same form is filled in again and again: each keystroke asks. */
function compile(page: Page): ReturnType<Ajv["compile"]> {
  const key = JSON.stringify(page);
  const known = compiled.get(key) ?? compileAnew(page);
  compiled.delete(key);
  compiled.set(key, known);
  if (compiled.size > MOST_KEPT) compiled.delete(compiled.keys().next().value ?? "");
  return known;
}

function compileAnew(page: Page): ReturnType<Ajv["compile"]> {
  const ajv = new Ajv({ strict: false, allErrors: true, useDefaults: true, logger: false, verbose: true, validateSchema: false });
  (formats as unknown as (ajv: Ajv) => void)(ajv);
  try {
    const { $schema: _dialect, ...schema } = page.schema;
    return ajv.compile(schema);
  } catch (error) {
    throw new Error(`the form page "${page.title}" is not a JSON Schema: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

function toProblem(error: ErrorObject): SchemaProblem {
  const at = error.instancePath.split("/").slice(1).map(unescapePointer);
  const own = ownWords(error);
  if (own !== undefined) return { field: fieldOf(at, error), reason: own };
  return { field: fieldOf(at, error), ...(WORDS[error.keyword]?.(error) ?? { reason: error.message ?? "does not fit" }) };
}

function fieldOf(at: readonly string[], { keyword, params }: ErrorObject): string {
  const named =
    keyword === "required" ? params["missingProperty"] : keyword === "additionalProperties" ? params["additionalProperty"] : undefined;
  return [...at, ...(named === undefined ? [] : [String(named)])].join(".");
}

/** `errorMessage: "…"` or `errorMessage: { pattern: "…" }` in a schema speaks for itself. */
function ownWords({ parentSchema, keyword }: ErrorObject): string | undefined {
  const given: unknown = parentSchema?.["errorMessage"];
  if (keyword === "required") return undefined;
  if (typeof given === "string") return given;
  const word = typeof given === "object" && given !== null ? (given as Record<string, unknown>)[keyword] : undefined;
  return typeof word === "string" ? word : undefined;
}

const WORDS: Readonly<Record<string, (error: ErrorObject) => { reason: string; mend?: string }>> = {
  required: () => ({ reason: "is needed", mend: "Give it a value." }),
  type: ({ params, data }) => ({ reason: `must be ${article(String(params["type"]))}, and is ${article(typeName(data))}` }),
  pattern: ({ params, parentSchema }) => patternWords(String(params["pattern"]), parentSchema),
  minLength: ({ params }) =>
    params["limit"] === 1
      ? { reason: "is empty", mend: "Give it a value." }
      : { reason: `must have at least ${params["limit"]} characters` },
  maxLength: ({ params, data }) => ({
    reason: `must have at most ${params["limit"]} characters, and has ${Array.from(String(data)).length}`,
    mend: "Shorten it.",
  }),
  minimum: ({ params }) => ({ reason: `must be at least ${params["limit"]}` }),
  maximum: ({ params }) => ({ reason: `must be at most ${params["limit"]}` }),
  minItems: ({ params }) => ({ reason: `must have at least ${params["limit"]} ${params["limit"] === 1 ? "item" : "items"}` }),
  maxItems: ({ params }) => ({ reason: `must have at most ${params["limit"]} items` }),
  uniqueItems: () => ({ reason: "has an item twice" }),
  format: ({ params }) => ({ reason: `is not ${article(FORMAT_NAMES[String(params["format"])] ?? String(params["format"]))}` }),
  enum: ({ params, data }) => enumWords(params["allowedValues"], data),
  const: ({ params }) => ({ reason: `must be ${JSON.stringify(params["allowedValue"])}` }),
  additionalProperties: () => ({ reason: "is not a known field", mend: "Remove it, or correct its spelling." }),
};

const FORMAT_NAMES: Readonly<Record<string, string>> = {
  uri: "web address such as https://example.org/path",
  email: "mail address",
  date: "date such as 2026-03-31",
  "date-time": "time such as 2026-03-31T12:00:00Z",
  uuid: "UUID",
  ipv4: "IPv4 address",
  hostname: "host name",
};

function patternWords(pattern: string, schema: Record<string, unknown> | undefined): { reason: string; mend?: string } {
  const help = schema?.["ui:help"] ?? schema?.["description"];
  return { reason: `does not have the form asked for (${pattern})`, ...(typeof help === "string" ? { mend: help } : {}) };
}

function enumWords(allowed: readonly unknown[], data: unknown): { reason: string; mend?: string } {
  const words = allowed.map((value) => (typeof value === "string" ? value : JSON.stringify(value)));
  const given = typeof data === "string" ? data.toLowerCase() : "";
  const near = words.find((word) => given !== "" && (word.toLowerCase() === given || word.toLowerCase().startsWith(given)));
  return { reason: `must be one of ${words.join(", ")}`, ...(near === undefined ? {} : { mend: `Did you mean ${near}?` }) };
}

function typeName(data: unknown): string {
  if (data === null) return "null";
  if (Array.isArray(data)) return "array";
  return typeof data;
}

function article(noun: string): string {
  if (noun === "null") return "nothing";
  return `${/^[aeioAEIO]/.test(noun) ? "an" : "a"} ${noun}`;
}

function unescapePointer(part: string): string {
  return part.replaceAll("~1", "/").replaceAll("~0", "~");
}

function dropDoubles(problems: readonly SchemaProblem[]): SchemaProblem[] {
  return [...new Map(problems.map((problem) => [`${problem.field}\n${problem.reason}`, problem])).values()];
}
