/** Signing in at a provider, in a real browser, with the real `oidc-provider` from npm and the server's own door. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { default as Provider } from "oidc-provider";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { openBrowser } from "./lib/browser.ts";
import { freePort, startRoadbed, type RunningRoadbed } from "./lib/start-roadbed.ts";

let server: Server;
let roadbed: RunningRoadbed;
let browser: Browser;
let page: Page;
let url: string;

beforeAll(async () => {
  const port = await freePort();
  url = `http://localhost:${port}`;
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: "roadbed", client_secret: "the client's secret", redirect_uris: [`${url}/auth/oidc/callback`] }],
    claims: { openid: ["sub"], profile: ["name", "preferred_username"], email: ["email"], groups: ["groups"] },
    scopes: ["openid", "profile", "email", "groups"],
    pkce: { required: () => true },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, name: "Ada Lovelace", preferred_username: sub, groups: ["ops"] }) }),
  });
  const answer = provider.callback();
  server.on("request", (request, response) => void answer(request, response));
  roadbed = await startRoadbed({
    port,
    env: {
      ROADBED_OIDC_ISSUER: issuer,
      ROADBED_OIDC_CLIENT_ID: "roadbed",
      ROADBED_OIDC_CLIENT_SECRET: "the client's secret",
      ROADBED_OIDC_LABEL: "Company account",
      ROADBED_OIDC_ADMIN_GROUPS: "ops",
    },
  });
  browser = await openBrowser();
  page = await browser.newPage();
});

afterAll(async () => {
  await browser?.close();
  await roadbed?.dispose();
  server?.closeAllConnections();
  server?.close();
});

test("the button leads to the provider and back, signed in with the role of the group", async () => {
  await page.goto(`${url}/sign-in`);
  await page.getByRole("link", { name: "Company account" }).click();
  await page.locator('input[name="login"]').fill("ada");
  await page.locator('input[name="password"]').fill("any");
  await page.locator('button[type="submit"]').click();
  await page.locator('button[type="submit"]').click(); // agrees to tell Roadbed who it is
  await page.waitForURL((address) => address.origin === url && address.pathname === "/");
  const me = await page.evaluate(async () => (await fetch("/api/v1/me")).json());
  expect(me).toMatchObject({ username: "ada", displayName: "Ada Lovelace", role: "admin" });
});

test("a callback that was not begun here ends at the sign-in page in words", async () => {
  await page.context().clearCookies();
  await page.goto(`${url}/auth/oidc/callback?code=made-up&state=made-up`);
  await page.waitForURL(/\/sign-in\?error=oidc/);
  await page.getByText(/did not accept you/).waitFor();
});
