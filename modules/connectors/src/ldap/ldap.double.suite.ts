import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";

/** The part of `ldapjs` that a double needs; it comes without types. */
interface LdapServer {
  bind(base: string, handler: (request: any, response: any, next: (error?: Error) => void) => void): void;
  search(base: string, handler: (request: any, response: any, next: (error?: Error) => void) => void): void;
  listen(port: number, host: string, done: () => void): void;
  close(done: () => void): void;
  address(): AddressInfo;
  readonly server: { closeAllConnections?: () => void };
}

const ldapjs = createRequire(import.meta.url)("ldapjs") as {
  createServer(o?: object): LdapServer;
  /** Errors by name, and what messages are made of. */
  readonly [name: string]: any;
};

export interface LdapEntry {
  readonly dn: string;
  readonly attributes: Readonly<Record<string, string | readonly string[]>>;
}

export interface LdapDouble {
  readonly url: string;
  readonly asked: { base: string; filter: string; page: number }[];
  close(): Promise<void>;
}

/** What goes wrong at a page, counted over all searches. */
export type LdapFault = { readonly at: number; readonly what: "silence" | "end" } | { readonly at: number; readonly error: string };

/** A double of a directory: it speaks LDAP v3 (RFC 4511) with paged results (RFC 2696). `cn=reader` may read with the password `pw`. */
export async function openLdapDouble(
  entries: readonly LdapEntry[],
  o: { readonly fault?: LdapFault; readonly tls?: object; readonly membersAtOnce?: number } = {},
): Promise<LdapDouble> {
  const server = ldapjs.createServer(o.tls);
  const asked: LdapDouble["asked"] = [];
  server.bind("", (request, response, next) => {
    const isReader = String(request.dn).replaceAll(" ", "") === "cn=reader" && request.credentials === "pw";
    if (!isReader) return next(new ldapjs["InvalidCredentialsError"]());
    response.end();
    next();
  });
  server.search("", (request, response, next) => {
    const base = String(request.dn).replaceAll(" ", "").toLowerCase();
    const control = request.controls.find((one: { type: string }) => one.type === "1.2.840.113556.1.4.319");
    const from = Number(control?.value?.cookie?.toString() || 0);
    asked.push({ base, filter: String(request.filter), page: from });
    const fault = o.fault?.at === asked.length - 1 ? o.fault : undefined;
    if (fault && "error" in fault) return next(new ldapjs[fault.error]());
    if (fault?.what === "end") return void request.connection.destroy();
    if (fault) return;
    const below = entries.filter(({ dn }) =>
      request.scope === "base" ? isSame(dn, base) : isSame(dn, base) || dn.toLowerCase().endsWith(`,${base}`),
    );
    if (below.length === 0) return next(new ldapjs["NoSuchObjectError"]());
    const found = below.filter(({ attributes }) => request.filter.matches(lowered(attributes)));
    const size = Number(control?.value?.size ?? found.length);
    for (const { dn, attributes } of found.slice(from, from + size)) {
      response.send(
        response.createSearchEntry({
          objectName: dn,
          attributes: ldapjs["Attribute"].fromObject(listed(pieceOf(attributes, request.attributes, o.membersAtOnce))),
        }),
      );
    }
    if (control) {
      const isMore = from + size < found.length;
      const cookie = Buffer.from(isMore ? String(from + size) : "");
      response.addControl(new ldapjs["PagedResultsControl"]({ value: { size: found.length, cookie } }));
    }
    response.end();
    next();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  return { url: `${o.tls ? "ldaps" : "ldap"}://127.0.0.1:${port}`, asked, close: () => new Promise((done) => server.close(() => done())) };
}

function isSame(dn: string, base: string): boolean {
  return dn.toLowerCase() === base;
}

function lowered(attributes: LdapEntry["attributes"]): Record<string, unknown> {
  return { ...attributes, ...Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key.toLowerCase(), value])) };
}

function listed(attributes: LdapEntry["attributes"]): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, [value].flat()]));
}

/** As Active Directory gives long lists: in pieces, each with its range in the attribute's name. */
function pieceOf(attributes: LdapEntry["attributes"], asked: readonly string[], atOnce = Infinity): LdapEntry["attributes"] {
  const { member = [], ...rest } = attributes;
  const from = Number(asked.map((name) => /^member;range=(\d+)-/i.exec(name)?.[1]).find((start) => start !== undefined) ?? 0);
  const left = [member].flat().slice(from);
  if (from === 0 && left.length <= atOnce) return attributes;
  const piece = left.slice(0, atOnce);
  const end = piece.length === left.length ? "*" : String(from + piece.length - 1);
  return { ...rest, [`member;range=${from}-${end}`]: piece };
}
