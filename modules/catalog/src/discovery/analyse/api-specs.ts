import { parseYaml } from "../../descriptor/parse-yaml.ts";
import type { Analyser, ApiFinding } from "../finding.ts";
import { isRecord, lineMatching, matchLines, present, shortText, textOf } from "./text.ts";

/** OpenAPI, Swagger and AsyncAPI documents, by what they say at their top. */
export const apiSpecs: Analyser = {
  name: "API description",
  matches: (path, base) =>
    /\.(?:ya?ml|json)$/.test(base) &&
    (/openapi|swagger|asyncapi/i.test(base) || /(?:^|\/)(?:api|apis|spec|specs|openapi|asyncapi|docs\/api)\/[^/]+$/i.test(path)),
  read({ path: file, text }) {
    if (!/^\s*\{?\s*["']?(?:openapi|swagger|asyncapi)["']?\s*:/m.test(text.slice(0, 4_000))) return [];
    const head = file.endsWith(".json") ? headOfJson(text) : headOfYaml(text);
    if (!head) return [];
    const format = head.asyncapi === undefined ? "openapi" : "asyncapi";
    const info = isRecord(head.info) ? head.info : {};
    const found: ApiFinding = {
      type: "api",
      file,
      line: lineMatching(text, /["']?\btitle["']?\s*:/),
      format,
      ...present({
        title: shortText(textOf(info.title), 100),
        version: textOf(info.version),
        description: shortText(textOf(info.description)),
      }),
    };
    return [found];
  },
};

function headOfJson(text: string): Record<string, unknown> | undefined {
  const json: unknown = JSON.parse(text);
  return isRecord(json) ? json : undefined;
}

/** Only `info` and the version: a description may be large, and its paths are of no use here. */
function headOfYaml(text: string): Record<string, unknown> | undefined {
  const blocks = text.split(/^(?=[A-Za-z][\w-]*\s*:)/m).filter((block) => /^(?:openapi|swagger|asyncapi|info)\s*:/.test(block));
  const [parsed] = parseYaml(blocks.join(""));
  return parsed && !("unreadable" in parsed) && isRecord(parsed.document.value) ? parsed.document.value : undefined;
}

/** A GraphQL schema: a file that defines `Query` or `Mutation`, not one that asks. */
export const graphqlSchema: Analyser = {
  name: "GraphQL",
  matches: (_, base) => /\.(?:graphqls?|gql)$/.test(base),
  read({ path: file, text }) {
    const pattern = /^\s*(?:extend\s+)?type\s+(?:Query|Mutation|Subscription)\b/m;
    return pattern.test(text) ? [{ type: "api", file, line: lineMatching(text, pattern), format: "graphql" }] : [];
  },
};

/** Proto files: a `service` is provided; an import of another package is used. */
export const proto: Analyser = {
  name: "Protocol Buffers",
  matches: (_, base) => base.endsWith(".proto"),
  read({ path: file, text }) {
    const [service] = matchLines(text, /^\s*service\s+(\w+)/);
    const [pack] = matchLines(text, /^\s*package\s+([\w.]+)\s*;/);
    const uses = [...matchLines(text, /^\s*import\s+(?:public\s+)?"([\w./-]+\.proto)"/)]
      .filter(({ match }) => !match[1]!.startsWith("google/"))
      .map(({ line, match }) => ({ type: "api-use" as const, file, line, names: match[1]!, says: `imports ${match[1]!}` }));
    if (!service) return uses;
    const found: ApiFinding = {
      type: "api",
      file,
      line: service.line,
      format: "grpc",
      title: service.match[1]!,
      ...present({ package: pack?.match[1] }),
    };
    return [found, ...uses];
  },
};

/** Settings of generators: which description a client is made from. */
export const apiClients: Analyser = {
  name: "API client generator",
  matches: (path, base) =>
    /^(?:openapitools\.json|\.openapi-generator-config\.ya?ml|orval\.config\.(?:js|ts|mjs)|codegen\.(?:ya?ml|ts)|openapi-ts\.config\.(?:ts|js)|buf\.gen\.ya?ml|buf\.yaml)$/.test(
      base,
    ) || /(?:^|\/)openapi-?(?:client|generator)[\w.-]*\.(?:ya?ml|json)$/.test(path),
  read({ path: file, base, text }) {
    const pattern = /["']?(?:inputSpec|input-spec|input|schema|target|deps|source)["']?\s*:\s*(?:\[\s*)?["']?([\w@:.$/{}-]+)["']?/;
    const named = [...matchLines(text, pattern)].map(({ line, match }) => ({ line, names: match[1]! }));
    const modules =
      base === "buf.yaml" ? [...matchLines(text, /^\s*-\s+(buf\.build\/\S+)/)].map(({ line, match }) => ({ line, names: match[1]! })) : [];
    return [...named, ...modules]
      .filter(({ names }) => /[/.]/.test(names))
      .map(({ line, names }) => ({ type: "api-use", file, line, names, says: `makes a client from ${names}` }));
  },
};
