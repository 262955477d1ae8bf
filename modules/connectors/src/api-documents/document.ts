import { record, textOf } from "../lib/git-host.ts";

/** What an API's document says of itself, without judging it: the catalogue checks definitions where it shows them. */
export interface ApiDocument {
  readonly type: "openapi" | "asyncapi" | "graphql" | "grpc";
  readonly title: string | undefined;
  readonly version: string | undefined;
  readonly description: string | undefined;
  /** Of extensions: `x-owner`, `x-system`, `x-lifecycle`, `x-name`, at the top or below `info`. */
  readonly owner: string | undefined;
  readonly system: string | undefined;
  readonly lifecycle: string | undefined;
  readonly name: string | undefined;
}

/** Undefined when it is none of the sorts that are known. */
export function readDocument(text: string): ApiDocument | undefined {
  const said = text.trimStart().startsWith("{") ? fromJson(text) : fromYaml(text);
  if (said?.type !== undefined) return said as ApiDocument;
  if (/^\s*(?:(?:extend\s+)?(?:type|interface)\s+\w+|(?:extend\s+)?schema)\s*(?:implements[^{]*|@[^{]*)?\{/m.test(text))
    return plain("graphql", text);
  if (/^\s*syntax\s*=\s*"proto[23]"/m.test(text)) return plain("grpc", text);
  return undefined;
}

function plain(type: "graphql" | "grpc", text: string): ApiDocument {
  // As a comment at the top: `# x-owner: team-a`, `// x-owner: team-a`.
  const said = (key: string): string | undefined => new RegExp(`^\\s*(?:#|//)\\s*${key}:\\s*(\\S+)\\s*$`, "m").exec(text)?.[1];
  const extensions = { owner: said("x-owner"), system: said("x-system"), lifecycle: said("x-lifecycle"), name: said("x-name") };
  return { type, title: undefined, version: undefined, description: undefined, ...extensions };
}

type Said = Omit<ApiDocument, "type"> & { readonly type: ApiDocument["type"] | undefined };

function fromJson(text: string): Said | undefined {
  try {
    const root = record(JSON.parse(text));
    const info = record(root["info"]);
    return saidBy(
      (key) => textOf(root[key]),
      (key) => textOf(info[key]),
    );
  } catch {
    return undefined;
  }
}

/** The few words that are looked for stand at the top or in `info`, one a line; the rest of the document is not ours to read. */
function fromYaml(text: string): Said {
  const info = /^info:[ \t]*\r?\n((?:[ \t]+[^\n]*\n?|\r?\n|[ \t]*#[^\n]*\n?)+)/m.exec(text)?.[1] ?? "";
  const indent = /^([ \t]+)\S/m.exec(info)?.[1] ?? "  ";
  return saidBy(
    (key) => scalar(text, "", key),
    (key) => scalar(info, indent, key),
  );
}

function scalar(text: string, indent: string, key: string): string | undefined {
  const [, quoted, single, bare] =
    new RegExp(
      `^${indent}["']?${key}["']?:[ \\t]*(?:"([^"\\n]*)"|'([^'\\n]*)'|([^\\s#|>&*{\\[][^\\n#]*?))[ \\t]*(?:#[^\\n]*)?\\r?$`,
      "m",
    ).exec(text) ?? [];
  return textOf(quoted ?? single ?? bare?.trim());
}

function saidBy(top: (key: string) => string | undefined, info: (key: string) => string | undefined): Said {
  const extension = (key: string): string | undefined => top(key) ?? info(key);
  return {
    type: top("openapi") !== undefined || top("swagger") !== undefined ? "openapi" : top("asyncapi") === undefined ? undefined : "asyncapi",
    title: info("title"),
    version: info("version"),
    description: info("description"),
    owner: extension("x-owner"),
    system: extension("x-system"),
    lifecycle: extension("x-lifecycle"),
    name: extension("x-name"),
  };
}
