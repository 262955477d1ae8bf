import { defineOperation, ForbiddenError, newId, type Actor, type Call, type Operation, type Risk } from "@roadbed/core";
import { createTestDatabase, type TestDatabase } from "@roadbed/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";

import { createWorld } from "../fixtures/world.ts";
import { migrations } from "../index.ts";
import { makeMay } from "./may.ts";

let t: TestDatabase;
let may: ReturnType<typeof makeMay>;
const actors: Record<string, Actor> = {};

beforeAll(async () => {
  t = await createTestDatabase([migrations]);
  const world = createWorld(t.db);
  for (const username of ["ada", "grace"]) actors[username] = (await world.person(username, "developer")).actor;
  const owners: Record<string, readonly string[]> = {
    api: ["group:default/platform"],
    tool: ["user:default/grace"],
    claimed: ["group:default/from-provider"],
  };
  may = makeMay({
    db: t.db,
    groups: { groupsOf: async (_, ref) => (ref === "user:default/ada" ? ["group:default/platform"] : []) },
    owners: { ownersOf: async (_, ref) => owners[ref] ?? [] },
  });
  await t.db.query("update identity.user_account set provider_groups = '{group:default/from-provider}' where username = 'grace'");
});
afterAll(() => t.drop());

const operation = (risk: Risk): Operation =>
  defineOperation({
    name: "shelf.item.do",
    summary: "Do.",
    scope: "shelf:write",
    risk,
    http: { method: "POST", path: "/x" },
    input: z.object({}),
    output: z.object({}),
  });
const ask = (actor: Actor | undefined, risk: Risk, entity: string, scopes: readonly string[] = ["shelf:write"]): Promise<void> => {
  return may(callOf(actor, scopes), operation(risk), { kind: "entity", id: entity });
};
const callOf = (actor: Actor | undefined, scopes: readonly string[]): Call => ({
  actor: actor ?? { kind: "anonymous" },
  scopes: new Set(scopes),
  face: "http",
  requestId: newId("req"),
  signal: new AbortController().signal,
});
const agentOf = (username: string): Actor => ({
  kind: "agent",
  id: "tok",
  name: "bot",
  onBehalfOf: (actors[username] as { id: string }).id,
});

describe("may", () => {
  test("what is hard to take back on an entity is for its owners", async () => {
    for (const risk of ["high", "destructive"] as const) {
      await ask(actors["ada"], risk, "api");
      await ask(actors["grace"], risk, "tool");
      await ask(actors["grace"], risk, "claimed");
      await expect(ask(actors["grace"], risk, "api")).rejects.toThrow(/Only the owners of api \(group:default\/platform\)/);
      await expect(ask(actors["ada"], risk, "tool")).rejects.toBeInstanceOf(ForbiddenError);
    }
  });

  test("an agent may what its person may, a service what it was given", async () => {
    await ask(agentOf("ada"), "destructive", "api");
    await expect(ask(agentOf("grace"), "destructive", "api")).rejects.toBeInstanceOf(ForbiddenError);
    const service: Actor = { kind: "service", id: "tok", name: "ci" };
    await expect(ask(service, "destructive", "api")).rejects.toBeInstanceOf(ForbiddenError);
    await ask(service, "destructive", "api", ["shelf:write", "shelf:admin"]);
  });

  test("administrators may, of everything and of the module", async () => {
    await ask(actors["grace"], "destructive", "api", ["*"]);
    await ask(actors["grace"], "destructive", "api", ["shelf:admin"]);
    await expect(ask(actors["grace"], "destructive", "api", ["other:admin"])).rejects.toBeInstanceOf(ForbiddenError);
  });

  test("what has no owner is the administrators' alone", async () => {
    await expect(ask(actors["ada"], "destructive", "orphan")).rejects.toThrow(/no owner/);
    await ask(actors["ada"], "destructive", "orphan", ["*"]);
  });

  test("a folder of the server's machine is read for administrators only, whatever the risk", async () => {
    const read = (scopes: readonly string[]): Promise<void> =>
      may(callOf(actors["ada"], scopes), operation("medium"), { kind: "folder", id: "/etc" });
    await read(["*"]);
    await read(["shelf:admin"]);
    await expect(read(["shelf:write", "other:admin"])).rejects.toMatchObject({ code: "FORBIDDEN", mend: expect.stringContaining("Git") });
  });

  test("what is easily taken back needs the scope alone", async () => {
    for (const risk of ["read", "low", "medium"] as const) await ask(actors["grace"], risk, "api");
  });
});
