import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";

import type { ConnectorCall } from "@roadbed/contracts/connector";
import { DomainError, InvalidError, TooLargeError, UnavailableError } from "@roadbed/core";
import { Client, type Entry } from "ldapts";

import type { LdapSettings } from "./settings.ts";

export interface Directory {
  /** All entries below a base, page by page. */
  search(base: string, filter: string, attributes: readonly string[], scope?: "sub" | "base"): Promise<Entry[]>;
  close(): Promise<void>;
}

const CONNECT_MS = 10_000;
const ANSWER_MS = 60_000;
const MAX_ENTRIES = 200_000;

/** Connects to the address that was permitted, encrypts, and binds. Throws `DomainError`s that name the mend. */
export async function openDirectory(settings: LdapSettings, call: Pick<ConnectorCall, "addressOf" | "signal">): Promise<Directory> {
  const url = new URL(settings.url);
  const isSecure = url.protocol === "ldaps:";
  const name = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? (isSecure ? 636 : 389) : Number(url.port);
  const address = await call.addressOf(name, port);
  const tls: ConnectionOptions = {
    host: name,
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(settings.ca === undefined ? {} : { ca: pemOf(settings.ca) }),
  };
  let socket: Socket | undefined;
  // The client would connect anew by itself when a connection ends, without encryption and as nobody, and be given less: once only.
  const open = (connect: () => Socket): Socket => {
    if (socket) throw new UnavailableError(`${name} ended the connection.`, { mend: "It is tried again later." });
    return (socket = connect());
  };
  const client = new Client({
    url: settings.url.replace(/\/$/, ""),
    connectTimeout: CONNECT_MS,
    timeout: ANSWER_MS,
    createConnection: (() => open(() => connectTcp({ host: address, port }))) as typeof connectTcp,
    createSecureConnection: ((first: unknown) =>
      typeof first === "object"
        ? connectTls(first as ConnectionOptions)
        : open(() => connectTls({ ...tls, host: address, port }))) as typeof connectTls,
  });
  const stop = (): void => void socket?.destroy();
  call.signal.addEventListener("abort", stop, { once: true });

  return wordsOf(name, async (): Promise<Directory> => {
    call.signal.throwIfAborted();
    if (!isSecure && settings.startTls) await client.startTLS(tls);
    await client.bind(settings.bindDn ?? "", settings.password ?? "");
    return { search: (base, filter, attributes, scope) => wordsOf(name, () => search(base, filter, attributes, scope)), close };
  }).catch(async (error: unknown) => {
    await close();
    throw error;
  });

  async function search(base: string, filter: string, attributes: readonly string[], scope: "sub" | "base" = "sub"): Promise<Entry[]> {
    const found: Entry[] = [];
    const options = {
      scope,
      filter,
      attributes: [...attributes],
      explicitBufferAttributes: ["objectGUID"],
      paged: { pageSize: settings.pageSize },
    };
    for await (const { searchEntries } of client.searchPaginated(base, options)) {
      call.signal.throwIfAborted();
      if (!client.isBound)
        throw new UnavailableError(`${name} ended the connection in the middle of an answer.`, { mend: "It is tried again later." });
      found.push(...searchEntries);
      if (found.length > MAX_ENTRIES)
        throw new TooLargeError(`More than ${MAX_ENTRIES} entries lie below ${base}.`, { mend: "Name a smaller base, or a filter." });
    }
    return found;
  }

  async function close(): Promise<void> {
    call.signal.removeEventListener("abort", stop);
    if (client.isConnected) await client.unbind().catch(() => undefined);
    socket?.destroy();
  }
}

/** What servers answer instead, by result code (RFC 4511, 4.1.9). */
const REFUSALS: Readonly<Record<number, readonly [reason: string, mend: string]>> = {
  4: ["gives no more entries (size limit)", "Allow this account more entries, or paged results, or name a smaller base."],
  8: ["asks for an encrypted connection", "Use ldaps://, or switch StartTLS on."],
  11: ["gives no more entries (administrative limit)", "Allow this account more entries, or name a smaller base."],
  13: ["asks for an encrypted connection", "Use ldaps://, or switch StartTLS on."],
  32: ["has no such base", "Correct the base DN."],
  34: ["does not understand the base DN", "Correct the base DN, e.g. dc=example,dc=com."],
  48: ["does not let this account log in", "Use another account."],
  49: ["does not accept the credentials", "Give it the DN and the password of an account that may read."],
  50: ["does not let this account read", "Give the account the right to read what is below the base."],
};

async function wordsOf<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DomainError) throw error;
    const { code, message } = error as { code?: number | string; message: string };
    const [reason, mend] = REFUSALS[Number(code)] ?? [];
    if (reason !== undefined && mend !== undefined) throw new InvalidError(`${name} ${reason} (LDAP ${code}).`, { mend });
    if (/CERT|SELF_SIGNED|ALTNAME|UNABLE_TO_VERIFY/.test(String(code))) {
      throw new InvalidError(`${name} shows a certificate that is not trusted: ${code}.`, {
        mend: "Give the certificate of its authority (ca), and its right name.",
      });
    }
    throw new UnavailableError(`${name} does not answer as an LDAP server: ${code ?? message}`, {
      mend: "Correct the address, or try again later.",
      cause: error,
    });
  }
}

/** A certificate as TLS wants it, also where a form made one line of it. Throws `InvalidError`. */
function pemOf(text: string): string {
  const blocks = [...text.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g)];
  if (blocks.length === 0) {
    throw new InvalidError("The certificate of the authority is no PEM.", {
      problems: [{ at: "settings.ca", reason: "holds no certificate" }],
      mend: "Give all from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----.",
    });
  }
  const lines = (body = ""): string =>
    body
      .replace(/\s+/g, "")
      .match(/.{1,64}/g)!
      .join("\n");
  return blocks.map(([, body]) => `-----BEGIN CERTIFICATE-----\n${lines(body)}\n-----END CERTIFICATE-----\n`).join("");
}
