import { UnauthenticatedError } from "@roadbed/core";
import { getMe } from "@roadbed/contracts/identity";

import type { LocalInvocation } from "../run-cli.ts";
import { readCredentials, writeCredentials } from "./credentials.ts";
import { findServer } from "./find-server.ts";

/** Checks a token with the server and keeps it for this address. */
export async function login({ io, flags, localTokenFiles, makeClient }: LocalInvocation): Promise<number> {
  const { url, token: found } = await findServer({ ...flags, env: io.env, localTokenFiles });
  const token =
    flags.token ??
    (io.stdin.isTTY === true ? await askSecret(io, `Access token for ${url} (empty: the one at hand): `) : await io.readStdin()).trim();
  const used = token === "" ? found : token;
  if (used === undefined) {
    throw new UnauthenticatedError("No token was given.", { mend: `Make one at ${url}/settings and give it with --token.` });
  }
  const me = await makeClient({ url, token: used, face: "cli" }).call(getMe, {});
  const { tokens } = await readCredentials(io.env);
  const file = await writeCredentials(io.env, { current: url, tokens: { ...tokens, [url]: used } });
  io.stdout.write(
    flags.json ? `${JSON.stringify({ url, actor: me.actor, file })}\n` : `Signed in to ${url} as ${me.displayName}. Kept in ${file}.\n`,
  );
  return 0;
}

/** Forgets the token of this address; the token itself stays good until it is revoked. */
export async function logout({ io, flags, localTokenFiles }: LocalInvocation): Promise<number> {
  const { url } = await findServer({ ...flags, env: io.env, localTokenFiles });
  const { current, tokens } = await readCredentials(io.env);
  const { [url]: gone, ...rest } = tokens;
  await writeCredentials(io.env, current === undefined || current === url ? { tokens: rest } : { current, tokens: rest });
  io.stdout.write(
    gone === undefined ? `Nothing was kept for ${url}.\n` : `Forgot the token of ${url}. roadbed token revoke ends it for good.\n`,
  );
  return 0;
}

/** Asks without showing what is typed. */
async function askSecret(io: LocalInvocation["io"], question: string): Promise<string> {
  io.stderr.write(question);
  io.stdin.setRawMode?.(true);
  let text = "";
  try {
    for await (const chunk of io.stdin) {
      for (const letter of String(chunk)) {
        if (letter === "\r" || letter === "\n") return text;
        if (letter === "\u0003") return "";
        text = letter === "\u007F" ? text.slice(0, -1) : text + letter;
      }
    }
    return text;
  } finally {
    io.stdin.setRawMode?.(false);
    io.stderr.write("\n");
  }
}
