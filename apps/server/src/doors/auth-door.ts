import type { Identity } from "@roadbed/identity";
import { DomainError, parseInput } from "@roadbed/core";
import { requireSameOrigin, type FastifyInstance, type FastifyReply } from "@roadbed/http";
import { z } from "zod";

import { SESSION_COOKIE } from "./caller-of.ts";

export interface AuthDoorOptions {
  readonly identity: Identity;
  /** True behind TLS: the cookie is then never sent in the clear. */
  readonly secure: boolean;
  /** Told when a session ended, so that its event streams are closed. */
  readonly signedOut: () => Promise<void>;
}

const OIDC_COOKIE = "roadbed_oidc";
const OIDC_PATH = "/auth/oidc";
const ReturnTo = z.object({ returnTo: z.string().max(500).optional() });

const Password = z.object({ username: z.string().max(100), password: z.string().max(200) });
const Link = z.object({ token: z.string().max(200) });

/** Signing in and out, which set a cookie and so cannot be operations: `/auth/...`. */
export function openAuthDoor(app: FastifyInstance, { identity, secure, signedOut }: AuthDoorOptions): void {
  const enter = (reply: FastifyReply, cookie: string): FastifyReply =>
    reply.setCookie(SESSION_COOKIE, cookie, { path: "/", httpOnly: true, sameSite: "lax", secure, maxAge: 30 * 86_400 });

  app.get("/auth/methods", async () => ({
    password: true,
    ...(identity.oidc ? { oidc: { label: identity.oidc.label, url: "/auth/oidc/start" } } : {}),
  }));
  if (identity.oidc) openOidc(app, identity.oidc, { enter, secure });

  app.get("/auth/link", async (request, reply) => {
    const { token } = parseInput(Link, request.query);
    const result = await identity.signIn.withLink(token);
    reply.header("cache-control", "no-store");
    return "failure" in result ? reply.redirect(`/sign-in?error=${result.failure}`) : enter(reply, result.cookie).redirect("/");
  });

  app.post("/auth/password", async (request, reply) => {
    requireSameOrigin(request);
    const { username, password } = parseInput(Password, request.body);
    const { cookie } = await identity.signIn.withPassword({ username, password, address: request.ip });
    return enter(reply, cookie).send({ ok: true });
  });

  app.post("/auth/sign-out", async (request, reply) => {
    requireSameOrigin(request);
    const cookie = request.cookies[SESSION_COOKIE];
    if (cookie !== undefined) await identity.signOut(cookie);
    await signedOut();
    return reply.clearCookie(SESSION_COOKIE, { path: "/" }).send({ ok: true });
  });
}

/** The browser goes to the provider and comes back with a code; whatever fails ends at the sign-in page with a word why. */
function openOidc(
  app: FastifyInstance,
  oidc: NonNullable<Identity["oidc"]>,
  { enter, secure }: { enter: (reply: FastifyReply, cookie: string) => FastifyReply; secure: boolean },
): void {
  app.get("/auth/oidc/start", async (request, reply) => {
    const { url, cookie } = await oidc.start(parseInput(ReturnTo, request.query));
    return reply
      .setCookie(OIDC_COOKIE, cookie, { path: OIDC_PATH, httpOnly: true, sameSite: "lax", secure, maxAge: 600 })
      .header("cache-control", "no-store")
      .redirect(url);
  });

  app.get("/auth/oidc/callback", async (request, reply) => {
    reply.clearCookie(OIDC_COOKIE, { path: OIDC_PATH }).header("cache-control", "no-store");
    try {
      const query = new URL(request.url, "http://localhost").search;
      const { cookie, returnTo } = await oidc.finish({ query, cookie: request.cookies[OIDC_COOKIE] });
      return enter(reply, cookie).redirect(returnTo);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      request.log.warn({ error }, "a sign-in at the provider failed");
      return reply.redirect(`/sign-in?error=${error.message.includes("switched off") ? "disabled" : "oidc"}`);
    }
  });
}
