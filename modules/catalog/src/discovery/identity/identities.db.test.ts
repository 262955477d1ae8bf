import type { Entity } from "@roadbed/contracts/catalog";
import {
  acceptIdentities,
  listIdentities,
  proposeIdentities,
  refuseIdentities,
  setIdentity,
  type Identity,
} from "@roadbed/contracts/catalog/proposals";
import { beforeEach, describe, expect, it } from "vitest";

import { useWorld } from "../../world.suite.ts";
import { clones, discover, proposalFor, putClones } from "../discovery.suite.ts";

const world = useWorld();

beforeEach(async () => {
  await world.write(async ({ sql }) => {
    for (const table of ["discovery", "discovery_repository", "proposal", "login"]) await sql.query(`delete from catalog.${table}`);
  });
  await world.catalog.stop();
  world.catalog = world.open({ clones });
  await putClones(world);
});

const userEntity = (name: string, displayName: string, email?: string): Entity => ({
  apiVersion: "backstage.io/v1alpha1",
  kind: "User",
  metadata: { name },
  spec: { profile: { displayName, ...(email === undefined ? {} : { email }) }, memberOf: [] },
});

async function register(...entities: Entity[]): Promise<void> {
  await world.write(async (ctx) => {
    for (const entity of entities) await world.catalog.registerEntity(ctx, { entity, source: "people" });
  });
}

async function identityOf(login: string): Promise<Identity | undefined> {
  return (await world.ask(listIdentities, { limit: 500 })).items.find((one) => one.login === login);
}

const EMAIL = "email:ada@example.com";
const ownerOf = async (): Promise<string | undefined> => (await proposalFor(world, "component:default/payments")).owner;

describe("who a login is", () => {
  it("is accepted by itself only when the address is the same, and makes the owner known at once", async () => {
    await discover(world);
    expect(await identityOf(EMAIL)).toMatchObject({
      state: "open",
      name: "Ada Lovelace",
      seenIn: expect.arrayContaining(["payments: CODEOWNERS"]),
    });
    expect(await ownerOf()).toBeUndefined();
    await register(userEntity("al", "A. L.", "Ada@example.com"));
    await world.ask(proposeIdentities, {});
    expect(await identityOf(EMAIL)).toMatchObject({
      state: "accepted",
      user: "user:default/al",
      confidence: 0.99,
      reason: "the e-mail addresses are the same",
    });
    expect(await ownerOf()).toBe("user:default/al");
  });

  it("is proposed by the name, and waits for a person", async () => {
    await register(userEntity("alovelace", "Ada Lovelace"));
    await discover(world);
    expect(await identityOf(EMAIL)).toMatchObject({ state: "proposed", user: "user:default/alovelace", confidence: 0.8 });
    expect(await ownerOf()).toBeUndefined();
    expect(await world.ask(acceptIdentities, { minConfidence: 0.7 })).toEqual({ accepted: 1 });
    expect(await ownerOf()).toBe("user:default/alovelace");
  });

  it("is shown side by side where two are as good, and none is accepted in bulk", async () => {
    await register(userEntity("ada1", "Ada Lovelace"), userEntity("ada2", "Ada Lovelace"));
    await discover(world);
    const found = (await identityOf(EMAIL))!;
    expect(found).toMatchObject({ state: "open", reason: "several people may be it" });
    expect(found.candidates.map(({ user }) => user)).toEqual(["user:default/ada1", "user:default/ada2"]);
    expect(await world.ask(acceptIdentities, { minConfidence: 0 })).toEqual({ accepted: 0 });
  });

  it("is remembered as a person set it, through every further reading", async () => {
    await register(userEntity("al", "A. L.", "ada@example.com"), userEntity("grace", "Grace"));
    await discover(world);
    expect(await world.ask(setIdentity, { login: EMAIL, user: "user:default/grace" })).toMatchObject({
      state: "accepted",
      confidence: 1,
      decidedBy: "user:ada",
    });
    expect(await ownerOf()).toBe("user:default/grace");
    await discover(world);
    expect(await identityOf(EMAIL)).toMatchObject({ user: "user:default/grace" });
    await world.ask(refuseIdentities, { logins: [EMAIL] });
    // Not Grace, that was said; so it is again who has the same address.
    expect(await identityOf(EMAIL)).toMatchObject({ user: "user:default/al" });
    await world.ask(refuseIdentities, { logins: [EMAIL] });
    expect(await identityOf(EMAIL)).toMatchObject({ state: "open" });
    await discover(world);
    expect(await identityOf(EMAIL)).toMatchObject({ state: "open" });
  });

  it("is a user of the catalogue, and nothing else", async () => {
    await discover(world);
    await expect(world.ask(setIdentity, { login: EMAIL, user: "group:default/x" })).rejects.toThrow("is no user");
    await expect(world.ask(setIdentity, { login: EMAIL, user: "user:default/nobody" })).rejects.toThrow("not found");
    await expect(world.ask(acceptIdentities, {})).rejects.toThrow("Neither logins nor a least confidence");
  });
});
