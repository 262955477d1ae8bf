import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { InvalidError, UnauthenticatedError, UnavailableError } from "@roadbed/core";
import { createTestDatabase, type TestDatabase } from "@roadbed/testkit";
import Provider, { type Configuration } from "oidc-provider";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

import { createWorld, type World } from "../fixtures/world.ts";
import { migrations } from "../index.ts";
import { toLocalPath } from "./create-oidc-sign-in.ts";
import type { OidcSettings } from "./provider.ts";

const PUBLIC_URL = "http://127.0.0.1:4400";
/** Who there is at the provider. */
const people: Record<string, Record<string, unknown>> = {
  s1: { name: "Ada Lovelace", preferred_username: "ada", email: "ada@example.org", groups: ["platform", "ops"] },
  s2: { name: "Ada Impostor", preferred_username: "ada", groups: ["sales"] },
};
let server: Server;
let settings: OidcSettings;
let t: TestDatabase;
let world: World;

beforeAll(async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.spyOn(console, "info").mockImplementation(() => {});
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const configuration: Configuration = {
    clients: [{ client_id: "roadbed", client_secret: "secret of the client", redirect_uris: [`${PUBLIC_URL}/auth/oidc/callback`] }],
    claims: { openid: ["sub"], profile: ["name", "preferred_username"], email: ["email"], groups: ["groups"] },
    scopes: ["openid", "profile", "email", "groups"],
    pkce: { required: () => true },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...people[sub] }) }),
  };
  const provider = new Provider(issuer, configuration);
  const answer = provider.callback();
  server.on("request", (request, response) => void answer(request, response));
  settings = { issuer, clientId: "roadbed", clientSecret: "secret of the client", label: "Company", adminGroups: ["ops"] };
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  vi.restoreAllMocks();
});
beforeEach(async () => {
  t = await createTestDatabase([migrations]);
  world = createWorld(t.db, { oidc: settings, publicUrl: PUBLIC_URL });
});
afterEach(() => t.drop());

/** A browser that follows the provider's pages, signs in as `sub`, agrees, and stops where it is sent back to us. */
async function atProvider(url: string, sub: string): Promise<string> {
  const jar = new Map<string, string>();
  let next: { url: string; body?: URLSearchParams } = { url };
  for (let step = 0; step < 12; step++) {
    const response = await fetch(next.url, {
      redirect: "manual",
      headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; ") },
      ...(next.body === undefined ? {} : { method: "POST", body: next.body }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ""] = cookie.split(";");
      jar.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
    }
    const location = response.headers.get("location");
    if (location !== null) {
      const target = new URL(location, next.url).toString();
      if (target.startsWith(PUBLIC_URL)) return new URL(target).search;
      next = { url: target };
      continue;
    }
    const page = await response.text();
    const action = /action="([^"]+)"/.exec(page)?.[1];
    const prompt = /name="prompt" value="([^"]+)"/.exec(page)?.[1];
    if (action === undefined || prompt === undefined) throw new Error(`the provider said ${response.status}: ${page.slice(0, 300)}`);
    next = { url: new URL(action, next.url).toString(), body: new URLSearchParams({ prompt, login: sub, password: "x" }) };
  }
  throw new Error("the provider never sent us back");
}

async function signInAs(sub: string, returnTo?: string): Promise<{ cookie: string; returnTo: string }> {
  const { url, cookie } = await oidc().start({ returnTo });
  return oidc().finish({ query: await atProvider(url, sub), cookie });
}

function oidc(): NonNullable<World["identity"]["oidc"]> {
  if (world.identity.oidc === undefined) throw new Error("no provider");
  return world.identity.oidc;
}

describe("signing in at a provider", () => {
  test("makes the account, takes role and groups from the token, and goes where one came from", async () => {
    const { cookie, returnTo } = await signInAs("s1", "/catalog?kind=API");
    expect(returnTo).toBe("/catalog?kind=API");
    const me = await world.run("identity.me.get", await world.callOf({ cookie }), {});
    expect(me).toMatchObject({
      username: "ada",
      displayName: "Ada Lovelace",
      role: "admin",
      entityRef: "user:default/ada",
      mustSetPassword: false,
    });
    expect(new Set(me.groups)).toEqual(new Set(["group:default/platform", "group:default/ops"]));
  });

  test("the request carries code flow, PKCE, state and nonce", async () => {
    const { url } = await oidc().start({});
    const asked = Object.fromEntries(new URL(url).searchParams);
    expect(asked).toMatchObject({ response_type: "code", code_challenge_method: "S256", scope: "openid profile email groups" });
    for (const name of ["state", "nonce", "code_challenge"]) expect(asked[name]?.length).toBeGreaterThanOrEqual(43);
  });

  test("the second time it is the same account, with what changed at the provider", async () => {
    await signInAs("s1");
    const before = people["s1"];
    people["s1"] = { ...before, name: "Ada King", groups: ["platform"] };
    try {
      const { cookie } = await signInAs("s1");
      const me = await world.run("identity.me.get", await world.callOf({ cookie }), {});
      expect(me).toMatchObject({ username: "ada", displayName: "Ada King", role: "developer" });
      expect((await t.db.query("select 1 from identity.user_account")).rowCount).toBe(1);
    } finally {
      people["s1"] = before ?? {};
    }
  });

  test("a name that is taken is not taken over, nor is the person in the catalogue", async () => {
    await world.person("ada", "admin");
    const { cookie } = await signInAs("s2");
    const me = await world.run("identity.me.get", await world.callOf({ cookie }), {});
    expect(me).toMatchObject({ username: "ada-2", role: "developer" });
    expect(me.entityRef).toBeUndefined();
  });

  test("a disabled account stays out", async () => {
    await signInAs("s1");
    await t.db.query("update identity.user_account set disabled = true");
    await expect(signInAs("s1")).rejects.toThrow(/switched off/);
  });
});

describe("what comes back", () => {
  test("counts once, in the browser that began it, within ten minutes", async () => {
    const { url, cookie } = await oidc().start({});
    const query = await atProvider(url, "s1");
    await expect(oidc().finish({ query, cookie: undefined })).rejects.toBeInstanceOf(UnauthenticatedError);
    await expect(oidc().finish({ query, cookie: "another browser's" })).rejects.toBeInstanceOf(UnauthenticatedError);
    expect(await oidc().finish({ query, cookie })).toHaveProperty("cookie");
    await expect(oidc().finish({ query, cookie })).rejects.toThrow(/took too long/);

    const late = await oidc().start({});
    const lateQuery = await atProvider(late.url, "s1");
    world.pass(10 * 60_000 + 1_000);
    await expect(oidc().finish({ query: lateQuery, cookie: late.cookie })).rejects.toBeInstanceOf(UnauthenticatedError);
  });

  test("with another state, another's code, or the provider's no is refused", async () => {
    const swap = async (change: (query: URLSearchParams) => void): Promise<unknown> => {
      const { url, cookie } = await oidc().start({});
      const query = new URLSearchParams(await atProvider(url, "s1"));
      change(query);
      return oidc()
        .finish({ query: query.toString(), cookie })
        .catch((error: unknown) => error);
    };
    expect(await swap((query) => query.set("state", "x"))).toBeInstanceOf(UnauthenticatedError);
    expect(await swap((query) => query.set("code", "x"))).toBeInstanceOf(UnauthenticatedError);
    expect(await swap((query) => query.set("iss", "http://127.0.0.1:1"))).toBeInstanceOf(UnauthenticatedError);
    const no = await swap((query) => {
      query.delete("code");
      query.set("error", "access_denied");
    });
    expect(no).toMatchObject({ code: "UNAUTHENTICATED", message: expect.stringContaining("access_denied") });
    expect((await t.db.query("select 1 from identity.session")).rowCount).toBe(0);
  });

  test("a code begun by another browser does not fit one's own attempt", async () => {
    const mine = await oidc().start({});
    const theirs = await oidc().start({});
    const stolen = new URLSearchParams(await atProvider(theirs.url, "s2"));
    stolen.set("state", new URL(mine.url).searchParams.get("state") ?? "");
    await expect(oidc().finish({ query: stolen.toString(), cookie: mine.cookie })).rejects.toBeInstanceOf(UnauthenticatedError);
  });
});

describe("a provider", () => {
  test("that is away is said to be away, and is asked again the next time", async () => {
    const away = createWorld(t.db, { oidc: { ...settings, issuer: "http://127.0.0.1:9" }, publicUrl: PUBLIC_URL });
    await expect(away.identity.oidc?.start({})).rejects.toBeInstanceOf(UnavailableError);
  });

  test("without TLS is trusted on this machine only", async () => {
    const open = createWorld(t.db, { oidc: { ...settings, issuer: "http://id.example.org" }, publicUrl: PUBLIC_URL });
    await expect(open.identity.oidc?.start({})).rejects.toBeInstanceOf(InvalidError);
  });
});

test.each([
  ["/catalog?x=1", "/catalog?x=1"],
  ["//evil.example", "/"],
  ["/\\evil.example", "/"],
  ["https://evil.example", "/"],
  ["/a\nb", "/"],
  [undefined, "/"],
])("toLocalPath(%j) is %j", (path, expected) => expect(toLocalPath(path)).toBe(expected));
