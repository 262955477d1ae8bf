import { readOpenApi, type ApiDocument } from "@roadbed/contracts/api-document/open-api";
import { asObject } from "@roadbed/contracts/api-document/schema";
import { InvalidError } from "@roadbed/core";
import { parse } from "yaml";

import { readAsyncApi } from "./async-api.ts";
import { readGraphQl } from "./graphql-schema.ts";
import { readProto } from "./proto.ts";

export type ApiFormat = "openapi" | "asyncapi" | "graphql" | "grpc";

/** A definition that was understood. */
export interface ReadApi {
  readonly format: ApiFormat;
  readonly document: ApiDocument;
}

/** The format of a definition: what its text says, not what the entity calls it. Undefined for a format that is not known here. */
export function formatOf(definition: string): ApiFormat | undefined {
  if (/^\s*(?:"?(?:openapi|swagger)"?\s*:)/m.test(definition) || /"(?:openapi|swagger)"\s*:/.test(definition.slice(0, 2_000)))
    return "openapi";
  if (/^\s*"?asyncapi"?\s*:/m.test(definition) || /"asyncapi"\s*:/.test(definition.slice(0, 2_000))) return "asyncapi";
  if (/^\s*syntax\s*=\s*["']proto[23]["']/m.test(definition) || /^\s*service\s+\w+\s*\{[^}]*\brpc\b/m.test(definition)) return "grpc";
  if (/^\s*(?:extend\s+)?(?:type|interface|input|enum|union|scalar|schema|directive)\b[^:\n]*(?:[{=@]|$)/m.test(definition))
    return "graphql";
  return undefined;
}

/** Throws `InvalidError` when the definition is of no known format or does not parse; the reason names the line where there is one. */
export function readApi(definition: string): ReadApi {
  const format = formatOf(definition);
  if (format === undefined) {
    throw unreadable("its format is not known", "Write OpenAPI, AsyncAPI, a GraphQL schema or a .proto file.");
  }
  try {
    const document = READERS[format](definition);
    if (document) return { format, document };
  } catch (error) {
    throw unreadable((error as Error).message.split("\n", 1)[0]!, "Correct the definition.");
  }
  throw unreadable(`it is no ${format} document`, "Correct the definition.");
}

/** YAML or JSON, as OpenAPI and AsyncAPI are written. */
export function parseDefinition(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = /^\s*\{/.test(text)
    ? JSON.parse(text)
    : parse(text, { maxAliasCount: 1_000, uniqueKeys: false, logLevel: "silent" });
  return asObject(value);
}

const READERS: Readonly<Record<ApiFormat, (text: string) => ApiDocument | undefined>> = {
  openapi: (text) => readOpenApi(parseDefinition(text)),
  asyncapi: (text) => readAsyncApi(parseDefinition(text)),
  graphql: readGraphQl,
  grpc: readProto,
};

function unreadable(reason: string, mend: string): InvalidError {
  return new InvalidError(`The definition cannot be read: ${reason}.`, { mend, problems: [{ at: "definition", reason, mend }] });
}
