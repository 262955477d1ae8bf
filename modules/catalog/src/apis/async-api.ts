import type { ApiDocument, ApiField, ApiOperation } from "@roadbed/contracts/api-document/open-api";
import { asList, asObject, asText, deref, fieldsOf, type Json } from "@roadbed/contracts/api-document/schema";

/** One direction of one channel, whichever version of AsyncAPI says it. */
export interface AsyncOperation {
  /** What a client does: it sends a message to the provider, or receives one from it. */
  readonly act: "send" | "receive";
  readonly channel: string;
  readonly id: string | undefined;
  readonly summary: string | undefined;
  readonly description: string | undefined;
  /** Messages by name. */
  readonly messages: ReadonlyMap<string, Json>;
}

/** Undefined when it is no AsyncAPI document. */
export function readAsyncApi(document: unknown): ApiDocument | undefined {
  const root = asObject(document);
  if (typeof root["asyncapi"] !== "string") return undefined;
  const info = asObject(root["info"]);
  const byChannel = Map.groupBy(asyncOperationsOf(root), ({ channel }) => channel);
  return {
    title: asText(info["title"]) ?? "API",
    version: asText(info["version"]) ?? "",
    groups: [...byChannel].map(([name, operations]) => ({
      name,
      description: undefined,
      operations: operations.map((operation) => toOperation(root, operation)),
    })),
  };
}

/** The operations as a client sees them: version 2 speaks of `publish` and `subscribe`, version 3 of what the provider does. */
export function asyncOperationsOf(root: Json): AsyncOperation[] {
  return String(root["asyncapi"]).startsWith("2.") ? operationsOfTwo(root) : operationsOfThree(root);
}

function operationsOfTwo(root: Json): AsyncOperation[] {
  return Object.entries(asObject(root["channels"])).flatMap(([channel, raw]) => {
    const item = deref(root, raw);
    return (["publish", "subscribe"] as const).flatMap((word): AsyncOperation[] => {
      if (item[word] === undefined) return [];
      const operation = deref(root, item[word]);
      const message = deref(root, operation["message"]);
      const choices = asList(message["oneOf"]).length > 0 ? asList(message["oneOf"]) : [operation["message"]];
      return [{ act: word === "publish" ? "send" : "receive", channel, ...wordsOf(operation), messages: named(root, choices) }];
    });
  });
}

function operationsOfThree(root: Json): AsyncOperation[] {
  return Object.entries(asObject(root["operations"])).map(([id, raw]): AsyncOperation => {
    const operation = deref(root, raw);
    const channel = deref(root, operation["channel"]);
    const messages = asList(operation["messages"]);
    return {
      // The provider sends what a client receives.
      act: operation["action"] === "send" ? "receive" : "send",
      channel: asText(channel["address"]) ?? lastOf(asObject(operation["channel"])["$ref"]) ?? id,
      ...wordsOf(operation),
      id,
      messages: messages.length > 0 ? named(root, messages) : named(root, Object.values(asObject(channel["messages"]))),
    };
  });
}

function wordsOf(operation: Json): Pick<AsyncOperation, "id" | "summary" | "description"> {
  return {
    id: asText(operation["operationId"]),
    summary: asText(operation["summary"]),
    description: asText(operation["description"]),
  };
}

function named(root: Json, messages: readonly unknown[]): Map<string, Json> {
  return new Map(
    messages.map((raw, at) => {
      const message = deref(root, raw);
      return [asText(message["name"]) ?? lastOf(asObject(raw)["$ref"]) ?? `message ${at + 1}`, message];
    }),
  );
}

function lastOf(ref: unknown): string | undefined {
  return typeof ref === "string" ? ref.split("/").at(-1) : undefined;
}

function toOperation(root: Json, { act, channel, id, summary, description, messages }: AsyncOperation): ApiOperation {
  const contents = [...messages].map(([name, message]) => ({ name, fields: payloadOf(root, message) }));
  const [only] = contents;
  return {
    method: act === "send" ? "SEND" : "RECEIVE",
    path: channel,
    id,
    name: undefined,
    scope: undefined,
    risk: undefined,
    summary: summary ?? [...messages.keys()].join(", "),
    description,
    deprecated: false,
    parameters: [],
    body: contents.length === 1 && only ? only.fields : contents.map(({ name, fields }) => messageField(name, fields)),
    responses: [],
  };
}

function payloadOf(root: Json, message: Json): readonly ApiField[] {
  return fieldsOf(root, deref(root, message["payload"]), "message");
}

function messageField(name: string, fields: readonly ApiField[]): ApiField {
  const none = { description: undefined, fallback: undefined, bounds: undefined, example: undefined };
  return { name, where: "message", type: "message", required: false, ...none, fields };
}
