import nunjucks from "nunjucks";

import { filters } from "./filters.ts";
import { callSafely, lookUpMember, lookUpName } from "./sandbox.ts";

/** How the text is written. Cookiecutter's way has `{{ }}` for values; ours and Backstage's has `${{ }}`. */
export interface Dialect {
  readonly cookiecutter?: boolean;
  readonly trimBlocks?: boolean;
  readonly lstripBlocks?: boolean;
}

/** What was found in a text without rendering it. */
export interface Examined {
  readonly fault?: { readonly message: string; readonly line?: number };
  /** What its expressions reach for, as far as it is written out, e.g. `parameters.name`, `steps.publish.output.remoteUrl`. */
  readonly reaches: readonly string[];
  readonly filters: readonly string[];
}

export interface Engine {
  /** Parses a text and looks at it; renders nothing. */
  examine(text: string): Examined;
  /** Throws `TemplateFault`. */
  renderText(text: string, context: Context): string;
  /** The value of a text that is exactly one expression, with its type; undefined for any other text. Throws `TemplateFault`. */
  evaluateSingle(text: string, context: Context): { readonly value: unknown } | undefined;
}

export type Context = Readonly<Record<string, unknown>>;

/** A template that could not be rendered, and where. */
export class TemplateFault extends Error {
  readonly line: number | undefined;
  /** Which of several texts. */
  at: number | undefined;

  constructor(message: string, line?: number) {
    super(message);
    this.name = "TemplateFault";
    this.line = line;
  }
}

/**
 * Nunjucks without its ways out: no loader, no include, import or extends, no async tags, names that are names only, and
 * members that are data only. It can still loop for ever: run it where it can be stopped (render-process.ts).
 * `failed`: whether an earlier step failed, for `failure()`.
 */
export function createEngine(dialect: Dialect = {}, failed = false): Engine {
  Object.assign(inner.runtime, { memberLookup: lookUpMember, contextOrFrameLookup: lookUpName, callWrap: callSafely });
  const opening = dialect.cookiecutter === true ? "{{" : "${{";
  const options = {
    autoescape: false,
    trimBlocks: dialect.trimBlocks ?? false,
    lstripBlocks: dialect.lstripBlocks ?? false,
    tags: { variableStart: opening, variableEnd: "}}" },
  };
  const environment = new nunjucks.Environment(null, options) as NunjucksEnvironment;
  for (const [name, filter] of Object.entries(filters)) environment.addFilter(name, filter);
  environment.addGlobal("always", () => true);
  environment.addGlobal("failure", () => failed);
  for (const table of [environment.filters, environment.tests, environment.globals]) Object.setPrototypeOf(table, null);

  function render(text: string, context: Context): string {
    inspect(parseOrThrow(text, parse));
    try {
      return environment.renderString(text, context);
    } catch (error) {
      // While rendering the engine counts lines from 0, while parsing from 1.
      throw toFault(error, 1);
    }
  }

  function parse(text: string): TemplateNode {
    return inner.parser.parse(text, [], options);
  }

  return {
    examine(text) {
      try {
        const root = parseOrThrow(text, parse);
        inspect(root);
        const unknown = filtersIn(root).find((name) => !Object.hasOwn(environment.filters, name));
        if (unknown !== undefined) return { fault: { message: `there is no filter ${unknown}` }, ...reachesOf(root) };
        return reachesOf(root);
      } catch (error) {
        const { message, line } = toFault(error);
        return { fault: { message, ...(line === undefined ? {} : { line }) }, reaches: [], filters: [] };
      }
    },
    renderText: render,
    evaluateSingle(text, context) {
      if (!text.startsWith(opening) || !text.endsWith("}}")) return undefined;
      if (!isSingleExpression(parseOrThrow(text, parse))) return undefined;
      let kept: unknown;
      environment.addFilter("roadbed_keep", (value: unknown) => {
        kept = value;
        return "";
      });
      const expression = text.slice(opening.length, -2).replace(/^-/, "").replace(/-$/, "");
      render(`${opening} (${expression}) | roadbed_keep }}`, context);
      return { value: toData(kept) };
    },
  };
}

function reachesOf(root: object): Pick<Examined, "reaches" | "filters"> {
  const nodes = nodesOf(root);
  const inner_ = new Set(nodes.filter((node) => isA(node, "LookupVal")).map((node) => (node as Lookup).target));
  const chains = nodes.filter((node) => isA(node, "LookupVal") && !inner_.has(node as never)).flatMap((node) => chainOf(node) ?? []);
  return { reaches: [...new Set(chains)], filters: [...new Set(filtersIn(root))] };
}

interface Lookup extends TemplateNode {
  readonly target: TemplateNode & Partial<Lookup>;
  readonly val: TemplateNode;
}

/** `a.b.c`, up to the first part that is computed. */
function chainOf(node: TemplateNode): string | undefined {
  if (isA(node, "Symbol")) return String(node.value);
  if (!isA(node, "LookupVal")) return undefined;
  const { target, val } = node as Lookup;
  const before = chainOf(target);
  if (before === undefined || before.endsWith("[]")) return before;
  return isA(val, "Literal") && typeof val.value === "string" ? `${before}.${val.value}` : `${before}[]`;
}

function filtersIn(root: object): string[] {
  return nodesOf(root)
    .filter((node) => isA(node, "Filter"))
    .map((node) => String((node as { name?: TemplateNode }).name?.value));
}

/** What the type declarations leave out. */
interface TemplateNode {
  readonly children?: readonly TemplateNode[];
  readonly value?: unknown;
  readonly lineno: number;
}
interface NunjucksEnvironment extends nunjucks.Environment {
  readonly filters: object;
  readonly tests: object;
  readonly globals: object;
}
interface Inner {
  readonly runtime: object;
  readonly parser: { parse(text: string, extensions: readonly unknown[], options: object): TemplateNode };
  readonly nodes: Readonly<Record<string, unknown>>;
}

const inner = nunjucks as unknown as Inner;
const FORBIDDEN_TAGS = {
  Include: "include",
  Import: "import",
  FromImport: "from … import",
  Extends: "extends",
  AsyncEach: "asyncEach",
  AsyncAll: "asyncAll",
  IfAsync: "ifAsync",
};
const FORBIDDEN_NAMES = new Set(["constructor", "prototype", "__proto__"]);

/**
 * Refuses what the engine would do and we do not want. Names are checked because the compiler writes them into JavaScript
 * as they are: a "name" with a quote in it would be code.
 */
function inspect(root: TemplateNode): void {
  for (const node of nodesOf(root)) {
    const [, tag] = Object.entries(FORBIDDEN_TAGS).find(([type]) => isA(node, type)) ?? [];
    if (tag !== undefined) throw new TemplateFault(`{% ${tag} %} is not available here`, node.lineno + 1);
    if (!isA(node, "Symbol")) continue;
    const name = String(node.value);
    if (!/^[A-Za-z_$][\w$]*$/.test(name) || FORBIDDEN_NAMES.has(name)) throw new TemplateFault(`"${name}" is not a name`, node.lineno + 1);
  }
}

/** Every node of a tree. The engine's own search passes over lists that are not nodes, such as the targets of `set`. */
function nodesOf(root: object): TemplateNode[] {
  const [seen, open, found] = [new Set<object>(), [root], [] as TemplateNode[]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    if (isA(next, "Node")) found.push(next as TemplateNode);
    open.push(...Object.values(next).filter((inside): inside is object => typeof inside === "object" && inside !== null));
  }
  return found;
}

function isSingleExpression(root: TemplateNode): boolean {
  const [output, ...others] = root.children ?? [];
  if (output === undefined || others.length > 0 || !isA(output, "Output") || output.children?.length !== 1) return false;
  return !isA(output.children[0], "TemplateData");
}

function isA(node: object | undefined, type: string): boolean {
  return node instanceof (inner.nodes[type] as new () => object);
}

function parseOrThrow(text: string, parse: (text: string) => TemplateNode): TemplateNode {
  try {
    return parse(text);
  } catch (error) {
    throw toFault(error);
  }
}

/** Plain JSON, so that no live object of the engine leaves it. */
function toData(value: unknown): unknown {
  if (value === undefined || typeof value === "function") return undefined;
  if (value instanceof String) return value.toString();
  return JSON.parse(JSON.stringify(value));
}

/** Nunjucks writes "(unknown path) [Line 3, Column 5]\n  Error: what is wrong". */
function toFault(error: unknown, linesBefore = 0): TemplateFault {
  if (error instanceof TemplateFault) return error;
  const message = error instanceof Error ? error.message : String(error);
  const line = (error as { lineno?: number }).lineno ?? /\[Line (\d+)/.exec(message)?.[1];
  const reason = message
    .replace(/\(unknown path\)\s*(\[[^\]]*\])?/g, "")
    .replace(/^\s*(Template render error:|[A-Za-z]*Error:)\s*/gm, "")
    .trim();
  return new TemplateFault(reason, line === undefined ? undefined : Number(line) + linesBefore);
}
