import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

type Env = Readonly<Record<string, string | undefined>>;

/** Tokens by server address, and the server that was signed in to last. */
export interface Credentials {
  readonly current?: string;
  readonly tokens: Readonly<Record<string, string>>;
}

export function credentialsFile(env: Env): string {
  return join(env["XDG_CONFIG_HOME"] ?? join(env["HOME"] ?? homedir(), ".config"), "roadbed", "credentials.json");
}

/** What `roadbed login` has stored; nothing when there is no such file or it is not ours. */
export async function readCredentials(env: Env): Promise<Credentials> {
  try {
    const parsed = JSON.parse(await readFile(credentialsFile(env), "utf8")) as Partial<Credentials> | null;
    const tokens = typeof parsed?.tokens === "object" ? parsed.tokens : {};
    return typeof parsed?.current === "string" ? { current: parsed.current, tokens } : { tokens };
  } catch {
    return { tokens: {} };
  }
}

/** Written beside and moved into place, readable by its owner alone. */
export async function writeCredentials(env: Env, credentials: Credentials): Promise<string> {
  const file = credentialsFile(env);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 });
  await chmod(draft, 0o600);
  await rename(draft, file);
  return file;
}
