import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Client as McpClient, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { allOperations } from "@roadbed/contracts/all";
import { EXAMPLES } from "@roadbed/contracts/examples";
import {
  fieldsOf,
  inputJsonSchema,
  unwrap,
  type Call,
  type Ctx,
  type Handler,
  type JsonSchema,
  type Logger,
  type Operation,
  type Runtime,
} from "@roadbed/core";
import { runCli, toCommands } from "@roadbed/face-cli";
import { createClient } from "@roadbed/face-client";
import { httpFace } from "@roadbed/face-http";
import { mcpFace, toolNameOf } from "@roadbed/face-mcp";
import { createHttpServer, type FastifyInstance } from "@roadbed/http";
import { afterAll, beforeAll, expect, test } from "vitest";

/**
 * One list, five faces: every operation is reachable as a route, in the OpenAPI document, as a command, as an MCP tool
 * and by the client, and no face has anything else. The handlers only say that they were reached.
 */
const log: Logger = { debug() {}, info() {}, warn() {}, error() {} };
const reached: { operation: string; face: string; input: unknown }[] = [];
const handlers: Handler[] = allOperations.map((operation) => ({
  operation,
  run: async (ctx, input: unknown) => {
    reached.push({ operation: operation.name, face: ctx.face, input });
    return {};
  },
}));
const work = <T>(call: Call, run: (ctx: Ctx) => Promise<T>): Promise<T> => run(call as Ctx);
const runtime: Runtime = { may: async () => {}, read: work, write: (call, _operation, _input, _resource, run) => work(call, run) };
const names = allOperations.map(({ name }) => name).toSorted();

const files = mkdtempSync(join(tmpdir(), "roadbed-faces-"));
afterAll(() => rmSync(files, { recursive: true, force: true }));

let app: FastifyInstance;
let url: string;
beforeAll(async () => {
  app = createHttpServer({ log, checks: [] });
  const authenticate = async () => ({ actor: { kind: "user", id: "ada", name: "Ada" }, scopes: new Set(["*"]), via: "token" }) as const;
  httpFace(app, { handlers, runtime, authenticate });
  mcpFace(app, { handlers, runtime, authenticate, log });
  url = await app.listen({ port: 0, host: "127.0.0.1" });
});
afterAll(() => app.close());

/** Some hundred operations one after the other take their time on a busy machine. */
const MANY_MS = 120_000;

test("there are operations, each with a name, a route and a command of its own", () => {
  expect(names.length).toBeGreaterThan(50);
  expect(new Set(names).size).toBe(names.length);
  expect(new Set(allOperations.map(({ http }) => `${http.method} ${http.path.replaceAll(/\{\w+\}/g, "{}")}`)).size).toBe(names.length);
  expect(new Set(toCommands(allOperations).map(({ words }) => words)).size).toBe(names.length);
});

test("the OpenAPI document lists them all", async () => {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { "x-roadbed-operation": string }>>;
  };
  const listed = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { "x-roadbed-operation": name }]) => `${name} ${method.toUpperCase()} ${path}`),
  );
  expect(listed.toSorted()).toEqual(allOperations.map(({ name, http }) => `${name} ${http.method} ${http.path}`).toSorted());
});

test("the client reaches the route of each", { timeout: MANY_MS }, async () => {
  const client = createClient({ url, token: "t", face: "web" });
  reached.length = 0;
  for (const operation of allOperations) await client.call(operation, sampleInput(operation));
  expect(reached.map(({ operation }) => operation)).toEqual(allOperations.map(({ name }) => name));
  expect(new Set(reached.map(({ face }) => face))).toEqual(new Set(["web"]));
});

test("the command line reaches each, with the same input as the client sent", { timeout: MANY_MS }, async () => {
  const byClient = new Map(reached.map(({ operation, input }) => [operation, input]));
  reached.length = 0;
  for (const { words, operation, positional } of toCommands(allOperations)) {
    const { code, err } = await runLine([...words.split(" "), ...toLine(operation, positional), "--url", url, "--token", "t", "--json"]);
    expect([words, err]).toEqual([words, ""]);
    expect([words, code]).toEqual([words, operation.cli?.exitCode?.({}) ?? 0]);
  }
  expect(reached.map(({ operation }) => operation)).toEqual(allOperations.map(({ name }) => name));
  for (const { operation, input, face } of reached) {
    expect(face).toBe("cli");
    expect([operation, input]).toEqual([operation, byClient.get(operation)]);
  }
});

test("help names every command", async () => {
  const { out } = await runLine(["help"]);
  for (const { words } of toCommands(allOperations)) for (const word of words.split(" ")) expect(out).toContain(word);
});

test("an MCP client finds and reaches each", { timeout: MANY_MS }, async () => {
  const client = new McpClient({ name: "test", version: "1" }, { versionNegotiation: { mode: "auto" } });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)));
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name).toSorted()).toEqual(allOperations.map(toolNameOf).toSorted());
  reached.length = 0;
  for (const operation of allOperations) {
    const reason = tools.find(({ name }) => name === toolNameOf(operation))?.inputSchema.required?.includes("reason")
      ? { reason: "to see whether it works" }
      : {};
    // The empty answers break the tools' output schemas, which this client checks; what counts here is who was reached.
    await client.callTool({ name: toolNameOf(operation), arguments: { ...sampleInput(operation), ...reason } }).catch(() => {});
  }
  expect(reached.map(({ operation }) => operation)).toEqual(allOperations.map(({ name }) => name));
  await client.close();
});

async function runLine(argv: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const code = await runCli({
    argv,
    operations: allOperations,
    stdout: { write: (text) => void (out += text) },
    stderr: { write: (text) => void (err += text) },
    stdin: (async function* () {})(),
    env: { HOME: "/nonexistent" },
  });
  return { code, out, err };
}

/** Values of fields that say by code, not by schema, what they take: a reference, a list of them, a moment, a number in words. */
const ODD_VALUES = [EXAMPLES["ref"], [EXAMPLES["ref"]], "2026-03-01T14:05:00Z", "1"];

/** What is required, with a value that fits. */
function sampleInput(operation: Operation): Record<string, unknown> {
  const schema = inputJsonSchema(operation.input) as { properties?: Record<string, JsonSchema>; required?: string[] };
  const input: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fieldsOf(operation.input) ?? {})) {
    if (!field.safeParse(undefined).success || schema.required?.includes(name) === true) {
      const candidates = [sampleValue(name, schema.properties?.[name] ?? {}), ...ODD_VALUES];
      input[name] = candidates.find((value) => field.safeParse(value).success) ?? candidates[0];
    }
  }
  return input;
}

function sampleValue(name: string, schema: JsonSchema): unknown {
  if (name in EXAMPLES) return EXAMPLES[name];
  if (Array.isArray(schema["enum"])) return schema["enum"][0];
  if (schema["const"] !== undefined) return schema["const"];
  if (schema["type"] === "array") return [sampleValue("", (schema["items"] ?? {}) as JsonSchema)];
  if (schema["type"] === "integer" || schema["type"] === "number") return schema["minimum"] ?? 1;
  if (schema["type"] === "boolean") return true;
  if (schema["format"] === "date") return "2026-03-01";
  if (schema["type"] === "string")
    return schema["format"] === "date-time" ? "2026-01-01T00:00:00Z" : "x".repeat(Math.max(4, Number(schema["minLength"] ?? 0)));
  const properties = (schema["properties"] ?? {}) as Record<string, JsonSchema>;
  return Object.fromEntries(((schema["required"] ?? []) as string[]).map((each) => [each, sampleValue(each, properties[each] ?? {})]));
}

/** The same input as words of a command line. */
function toLine(operation: Operation, positional: readonly string[]): string[] {
  const input = sampleInput(operation);
  const places = positional
    .filter((name) => name in input)
    .map((name) => {
      if (operation.cli?.folder === name) return toFolder(input[name] as { path: string; base64: string }[]);
      return operation.cli?.files?.includes(name) === true ? toFile(String(input[name])) : toWord(input[name]);
    });
  const flags = Object.entries(input)
    .filter(([name]) => !positional.includes(name))
    .map(([name, value]) => {
      const field = unwrap((fieldsOf(operation.input) ?? {})[name]!);
      const flag = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      const list = field.def.type === "array" && Array.isArray(value) && value.every((item) => typeof item !== "object");
      return `${flag}=${list ? value.join(",") : toWord(value)}`;
    });
  return [...places, ...flags];
}

/** The command line is given a file's name where the others are given its text. */
function toFile(text: string): string {
  const file = join(files, `${text.length}.txt`);
  writeFileSync(file, text);
  return file;
}

/** And a folder's where the others are given its files. */
function toFolder(all: readonly { readonly path: string; readonly base64: string }[]): string {
  const folder = mkdtempSync(join(files, "folder-"));
  for (const { path, base64 } of all) writeFileSync(join(folder, path), Buffer.from(base64, "base64"));
  return folder;
}

function toWord(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
