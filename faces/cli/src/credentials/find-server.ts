import { readFile } from "node:fs/promises";

import { readCredentials } from "./credentials.ts";

type Env = Readonly<Record<string, string | undefined>>;

export interface Server {
  readonly url: string;
  readonly token?: string;
}

export interface FindServerOptions {
  readonly url?: string | undefined;
  readonly token?: string | undefined;
  readonly env: Env;
  /** Files in which a server on this machine leaves a token (first line) and, where it is not the usual one, its address (second line). */
  readonly localTokenFiles: readonly string[];
}

export const DEFAULT_URL = "http://localhost:4400";

/**
 * Which server, and who asks: what the line says, then ROADBED_URL and ROADBED_TOKEN, then `roadbed login`, then the
 * token of the server on this machine, which is never sent to any other machine.
 */
export async function findServer({ url, token, env, localTokenFiles }: FindServerOptions): Promise<Server> {
  const [stored, local] = await Promise.all([readCredentials(env), readLocalToken(localTokenFiles)]);
  const chosen = normalise(url ?? env["ROADBED_URL"] ?? stored.current ?? local?.url ?? DEFAULT_URL);
  const given = token ?? nonEmpty(env["ROADBED_TOKEN"]) ?? stored.tokens[chosen] ?? localTokenFor(chosen, local);
  return given === undefined ? { url: chosen } : { url: chosen, token: given };
}

export function normalise(url: string): string {
  return (/^https?:\/\//.test(url) ? url : `http://${url}`).replace(/\/+$/, "");
}

function localTokenFor(url: string, local: { readonly token: string; readonly url?: string } | undefined): string | undefined {
  if (local === undefined || !isLoopback(url)) return undefined;
  return local.url === undefined || portOf(local.url) === portOf(url) ? local.token : undefined;
}

async function readLocalToken(files: readonly string[]): Promise<{ readonly token: string; readonly url?: string } | undefined> {
  for (const file of files) {
    const text = await readFile(file, "utf8").catch(() => "");
    const [token = "", url = ""] = text.split("\n").map((line) => line.trim());
    if (token !== "") return /^https?:\/\//.test(url) ? { token, url } : { token };
  }
  return undefined;
}

function isLoopback(url: string): boolean {
  return URL.canParse(url) && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
}

function portOf(url: string): string {
  return URL.canParse(url) ? new URL(url).port : "";
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}
