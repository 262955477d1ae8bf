/** Something that can be called, as the definition of an API names it. */
export interface ApiOperation {
  /** As people know it: `GET /payments/{id}`, `query invoices`, `Ledger.Append`, `publish order.created`. */
  readonly title: string;
  readonly summary: string;
}

const MAX_OPERATIONS = 1_000;
const MAX_LENGTH = 2 * 1024 * 1024;
const METHODS = new Set(["get", "put", "post", "delete", "options", "head", "patch", "trace"]);

/** What the definition of an API offers: OpenAPI, AsyncAPI, GraphQL or gRPC. Empty for what cannot be read: it is a search, not a check. */
export function operationsOf(definition: string): ApiOperation[] {
  if (definition.length > MAX_LENGTH) return [];
  const found = /^\s*\{/.test(definition) ? fromTree(readJson(definition)) : fromText(definition);
  return found.slice(0, MAX_OPERATIONS);
}

function fromText(text: string): ApiOperation[] {
  if (/^["']?(?:openapi|swagger|asyncapi)["']?\s*:/m.test(text)) return fromTree(outlineOf(text));
  if (/^\s*(?:syntax\s*=|service\s+\w+\s*\{)/m.test(text)) return fromProto(text);
  return fromGraphql(text);
}

/** A document as far as it is maps and texts. */
interface Tree {
  readonly [key: string]: unknown;
}

function fromTree(tree: Tree): ApiOperation[] {
  return tree["asyncapi"] === undefined ? fromOpenapi(tree) : fromAsyncapi(tree);
}

function fromOpenapi({ paths }: Tree): ApiOperation[] {
  return entriesOf(paths).flatMap(([path, methods]) =>
    entriesOf(methods)
      .filter(([method]) => METHODS.has(method.toLowerCase()))
      .map(([method, about]) => ({
        title: `${method.toUpperCase()} ${path}`,
        summary: words(about, "summary", "operationId", "description"),
      })),
  );
}

/** The second version names what is done within channels, the third beside them. */
function fromAsyncapi({ channels, operations }: Tree): ApiOperation[] {
  const within = entriesOf(channels).flatMap(([channel, about]) => {
    const ways = entriesOf(about).filter(([way]) => way === "publish" || way === "subscribe");
    const address = textOf(asTree(about)["address"]) || channel;
    if (ways.length === 0) return [{ title: address, summary: words(about, "title", "summary", "description") }];
    return ways.map(([way, it]) => ({ title: `${way} ${address}`, summary: words(it, "summary", "operationId", "description") }));
  });
  const beside = entriesOf(operations).map(([name, about]) => ({
    title: `${textOf(asTree(about)["action"]) || "operation"} ${name}`,
    summary: words(about, "title", "summary", "description"),
  }));
  return [...within, ...beside];
}

function fromGraphql(text: string): ApiOperation[] {
  const plain = text.replaceAll(/"""[^]*?"""|"(?:[^"\n\\]|\\.)*"|#.*/g, "");
  return [...plain.matchAll(/\btype\s+(Query|Mutation|Subscription)\b[^{]*\{([^}]*)\}/g)].flatMap(([, kind = "", body = ""]) =>
    [...body.replaceAll(/\([^)]*\)/g, "").matchAll(/^\s*(\w+)\s*:\s*([\w![\]]+)/gm)].map(([, name = "", answer = ""]) => ({
      title: `${kind.toLowerCase()} ${name}`,
      summary: answer.replaceAll(/[![\]]/g, ""),
    })),
  );
}

function fromProto(text: string): ApiOperation[] {
  const plain = text.replaceAll(/\/\/.*|\/\*[^]*?\*\//g, "");
  const starts = [...plain.matchAll(/\bservice\s+(\w+)\s*\{/g)];
  return starts.flatMap(({ 1: service = "", index }, at) => {
    const body = plain.slice(index, starts[at + 1]?.index);
    return [...body.matchAll(/\brpc\s+(\w+)\s*\(\s*(?:stream\s+)?([\w.]+)\s*\)\s*returns\s*\(\s*(?:stream\s+)?([\w.]+)/g)].map(
      ([, name = "", from = "", to = ""]) => ({ title: `${service}.${name}`, summary: `${from} to ${to}` }),
    );
  });
}

function readJson(text: string): Tree {
  try {
    return asTree(JSON.parse(text));
  } catch {
    return {};
  }
}

/**
 * The maps of a YAML text in block style, without its lists: quick, and enough to find names. A real parser would take longer for the
 * definitions of an estate than everything else that is done with them.
 */
function outlineOf(text: string): Tree {
  const root: Record<string, unknown> = {};
  const open: { indent: number; map: Record<string, unknown> }[] = [{ indent: -1, map: root }];
  let skipped = Infinity;
  for (const line of text.split("\n")) {
    const {
      1: space = "",
      2: key = "",
      3: rest = "",
    } = /^( *)("[^"]+"|'[^']+'|[^\s#:'"-][^:]*?|\/[^:]*?):(?:\s+(.*?))?\s*$/.exec(line) ?? [];
    const indent = key === "" ? line.search(/\S/) : space.length;
    if (indent < 0 || indent > skipped) continue;
    skipped = Infinity;
    if (key === "") continue;
    while (open.at(-1)!.indent >= indent) open.pop();
    const { map } = open.at(-1)!;
    const name = key.replaceAll(/^["']|["']$/g, "");
    if (/^[|>]/.test(rest)) skipped = indent;
    else if (rest === "" || rest.startsWith("#")) {
      const child: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
      map[name] = child;
      open.push({ indent, map: child });
    } else map[name] = rest.replaceAll(/^["']|["']$/g, "");
  }
  return root;
}

function asTree(value: unknown): Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Tree) : {};
}

function entriesOf(value: unknown): [string, unknown][] {
  return Object.entries(asTree(value));
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value.slice(0, 300) : "";
}

function words(about: unknown, ...keys: readonly string[]): string {
  const tree = asTree(about);
  return keys.map((key) => textOf(tree[key])).find((text) => text !== "") ?? "";
}
