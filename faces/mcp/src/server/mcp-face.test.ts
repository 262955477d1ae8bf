import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { allOperations } from "@roadbed/contracts/all";
import { deleteEntity, getEntity, listEntities, type EntityRow } from "@roadbed/contracts/catalog";
import { previewPath, runPath } from "@roadbed/contracts/paths";
import {
  inputJsonSchema,
  DeniedError,
  handle,
  NotFoundError,
  UnauthenticatedError,
  type Call,
  type Ctx,
  type Handler,
  type Logger,
  type Runtime,
} from "@roadbed/core";
import { createHttpServer, type FastifyInstance } from "@roadbed/http";
import { afterEach, beforeEach, expect, test } from "vitest";

import { mcpFace, toTool } from "../index.ts";

const logged: string[] = [];
const log: Logger = {
  debug() {},
  info() {},
  warn() {},
  error: (message, fields) => void logged.push(`${message} ${JSON.stringify(fields)}`),
};
const calls: Call[] = [];

const runtime: Runtime = {
  may: async () => {},
  read: (call, work) => remember(call, work),
  write: (call, _operation, _input, _resource, work) => remember(call, work),
};
function remember<T>(call: Call, work: (ctx: Ctx) => Promise<T>): Promise<T> {
  calls.push(call);
  return work(call as Ctx);
}

const row: EntityRow = {
  ref: "component:default/orders",
  kind: "component",
  namespace: "default",
  name: "orders",
  title: "Orders",
  tags: [],
  sample: false,
};
const handlers: Handler[] = [
  handle(previewPath, async (_ctx, { values }) => ({
    verdict: values["owner"] === undefined ? ("deny" as const) : ("allow" as const),
    findings: [],
    files: [{ path: "README.md", bytes: 3, executable: false, text: "# A", hash: "0".repeat(40) }],
    entities: [],
    resources: [],
    steps: [],
    approvals: [],
    log: [],
    digest: "0".repeat(64),
  })),
  handle(runPath, async (_ctx, { path, values }) => {
    if (values["boom"] === true) throw new Error("secret internals");
    if (values["owner"] === undefined)
      throw new DeniedError("Policy says no.", {
        problems: [{ at: "must-have-owner", reason: "there is no owner", mend: "Name a group." }],
        decisionId: "dec_1",
      });
    return {
      id: "run_1",
      path,
      pathTitle: "Node",
      status: "queued" as const,
      actor: "agent:bot",
      actorName: "Ada",
      createdAt: "2026-01-01T00:00:00Z",
      steps: [],
      outputs: {},
      links: [],
      values,
    };
  }),
  handle(deleteEntity, async (_ctx, { ref }) => ({ removed: ref })),
  handle(listEntities, async () => ({ items: [row], total: 1 })),
  handle(getEntity, async (_ctx, { ref }) => {
    if (ref !== row.ref) throw new NotFoundError("entity", ref);
    return {
      ref,
      entity: { apiVersion: "backstage.io/v1alpha1", kind: "Component", metadata: { name: "orders" } },
      provenance: { sourceId: "s", sourceName: "s", location: "a.yaml", observedAt: "2026-01-01T00:00:00Z", sample: false, orphan: false },
      neighbours: [],
      relationCounts: {},
      derived: [],
      hasDocs: false,
    };
  }),
];

let app: FastifyInstance;
let url: URL;
beforeEach(async () => {
  app = createHttpServer({ log, checks: [] });
  mcpFace(app, {
    handlers,
    runtime,
    log,
    authenticate: async ({ headers }) => {
      const actor = { kind: "agent", id: "bot", name: "Bot" } as const;
      if (headers.authorization === "Bearer agent") return { actor, scopes: new Set(["*"]), via: "token" };
      if (headers.authorization === "Bearer reader") return { actor, scopes: new Set(["paths:read", "catalog:read"]), via: "token" };
      if (headers.authorization !== undefined) throw new UnauthenticatedError("The token has expired.");
      return headers.cookie === undefined ? undefined : { actor, scopes: new Set(["*"]), via: "cookie" };
    },
  });
  url = new URL(`${await app.listen({ port: 0, host: "127.0.0.1" })}/mcp`);
});
afterEach(async () => {
  calls.length = 0;
  logged.length = 0;
  await app.close();
});

async function connect(mode: "auto" | "legacy" = "auto", token = "agent"): Promise<Client> {
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers: { authorization: `Bearer ${token}` } } }));
  return client;
}

test.each(["auto", "legacy"] as const)("an agent lists, previews and runs (%s)", async (mode) => {
  const client = await connect(mode);
  expect(client.getNegotiatedProtocolVersion()).toBe(mode === "auto" ? "2026-07-28" : "2025-11-25");
  expect(client.getServerVersion()).toMatchObject({ name: "roadbed" });
  expect(client.getInstructions()).toContain("paths_path_preview");
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual([
    "paths_path_preview",
    "paths_path_run",
    "catalog_entity_delete",
    "catalog_entity_list",
    "catalog_entity_get",
  ]);

  const preview = await client.callTool({
    name: "paths_path_preview",
    arguments: { path: "node-service", values: { owner: "group:default/a" } },
  });
  expect(preview.structuredContent).toMatchObject({ verdict: "allow", files: [{ path: "README.md" }] });
  const run = await client.callTool({
    name: "paths_path_run",
    arguments: { path: "node-service", values: { owner: "a" }, reason: "asked by Ada", idempotencyKey: "k1" },
  });
  expect(run.isError).toBeFalsy();
  expect(run.structuredContent).toMatchObject({ id: "run_1", path: "node-service", values: { owner: "a" } });
  expect(calls.at(-1)).toMatchObject({
    face: "mcp",
    reason: "asked by Ada",
    idempotencyKey: "k1",
    actor: { kind: "agent", id: "bot" },
    requestId: expect.stringMatching(/^req_/) as string,
  });
  await client.close();
});

test("what is wrong comes back as a result the agent can mend", async () => {
  const client = await connect();
  const text = (result: Awaited<ReturnType<Client["callTool"]>>): string => (result.content as { text: string }[])[0]!.text;

  const denied = await client.callTool({ name: "paths_path_run", arguments: { path: "node-service", values: {} } });
  expect(denied.isError).toBe(true);
  expect(text(denied)).toBe("DENIED: Policy says no.\n- must-have-owner: there is no owner Mend: Name a group.");
  expect(denied._meta?.["dev.roadbed/problem"]).toMatchObject({ code: "DENIED", decisionId: "dec_1" });

  const typo = await client.callTool({ name: "paths_path_preview", arguments: { path: "a", values: {}, vlaues: {} } });
  expect(text(typo)).toContain("vlaues: is not a known field Mend: Did you mean values?");
  const missing = await client.callTool({ name: "paths_path_preview", arguments: { path: "a" } });
  expect(text(missing)).toMatch(/^INVALID: values: /);

  const boom = await client.callTool({ name: "paths_path_run", arguments: { path: "a", values: { boom: true } } });
  expect(boom.isError).toBe(true);
  expect(text(boom)).not.toContain("secret");
  expect(logged[0]).toContain("secret internals");

  await expect(client.callTool({ name: "paths.path.rnu", arguments: {} })).rejects.toThrow("Did you mean paths_path_run?");
  await client.close();
});

test("what can do great harm needs a reason", async () => {
  const client = await connect();
  const without = await client.callTool({ name: "catalog_entity_delete", arguments: { ref: "component:default/a" } });
  expect(without.isError).toBe(true);
  expect(calls).toHaveLength(0);
  const withReason = await client.callTool({
    name: "catalog_entity_delete",
    arguments: { ref: "component:default/a", reason: "it was retired" },
  });
  expect(withReason.structuredContent).toEqual({ removed: "component:default/a" });
  expect(calls[0]?.reason).toBe("it was retired");
  await client.close();
});

test("an agent sees only what it may do, and may not do the rest by name", async () => {
  const client = await connect("auto", "reader");
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual([
    "paths_path_preview",
    "catalog_entity_list",
    "catalog_entity_get",
  ]);
  const run = await client.callTool({ name: "paths_path_run", arguments: { path: "a", values: {} } });
  expect((run.content as { text: string }[])[0]!.text).toContain("FORBIDDEN: paths.path.run needs the scope paths:write.");
  await client.close();
});

test("entities are resources", async () => {
  const client = await connect();
  expect((await client.listResources()).resources).toEqual([
    { uri: "roadbed://entity/component:default/orders", name: "orders", title: "Orders", mimeType: "application/json" },
  ]);
  expect((await client.listResourceTemplates()).resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([
    "roadbed://entity/{+ref}",
    "roadbed://docs/{+ref}",
  ]);
  for (const uri of ["roadbed://entity/component:default/orders", "roadbed://entity/component%3Adefault%2Forders"]) {
    const { contents } = await client.readResource({ uri });
    expect(JSON.parse((contents[0] as { text: string }).text)).toMatchObject({ ref: "component:default/orders" });
  }
  await expect(client.readResource({ uri: "roadbed://entity/component:default/gone" })).rejects.toThrow("not found");
  await expect(client.readResource({ uri: "file:///etc/passwd" })).rejects.toThrow("not found");
  await client.close();
});

test("no token, a bad token, a cookie or a foreign page get no further than the door", async () => {
  const post = (headers: Record<string, string>) =>
    fetch(url, {
      method: "POST",
      body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
    });
  for (const headers of [{}, { authorization: "Bearer old" }, { cookie: "roadbed_session=s" }]) {
    const answer = await post(headers as Record<string, string>);
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toContain("Bearer");
    expect(await answer.json()).toMatchObject({ code: "UNAUTHENTICATED" });
  }
  expect((await post({ authorization: "Bearer agent", origin: "http://evil.example" })).status).toBe(403);
  expect(calls).toHaveLength(0);
});

test("every operation makes a tool that clients can take", () => {
  for (const operation of allOperations) {
    const tool = toTool(operation);
    expect(tool.name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    expect(tool.inputSchema.type).toBe("object");
    expect(tool.outputSchema.type).toBe("object");
    expect(tool.annotations.readOnlyHint).toBe(operation.risk === "read");
    const required = (tool.inputSchema["required"] ?? []) as string[];
    const own = (inputJsonSchema(operation.input)["required"] as string[] | undefined)?.includes("reason") === true;
    expect(required.includes("reason")).toBe(own || operation.risk === "high" || operation.risk === "destructive");
    expect(new Set(required).size).toBe(required.length);
  }
  expect(new Set(allOperations.map((operation) => toTool(operation).name)).size).toBe(allOperations.length);
});
