import { spawn } from "node:child_process";

import type { Account } from "./account.ts";

export interface BinaryRun {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  readonly error: Error | undefined;
}

/** Runs one of the server's programs to its end. The process goes on meanwhile: a server that already works must not stand still for it. */
export function runBinary(o: {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly account: Account | undefined;
  readonly input?: string;
}): Promise<BinaryRun> {
  return new Promise((resolve) => {
    const child = spawn(o.file, [...o.args], {
      env: { ...o.env },
      cwd: "/",
      stdio: ["pipe", "ignore", "pipe"],
      ...(o.account === undefined ? {} : { uid: o.account.uid, gid: o.account.gid }),
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    // Who ends early does not read what is left.
    child.stdin.on("error", () => {});
    child.stdin.end(o.input ?? "");
    child.once("error", (error) => resolve({ status: null, signal: null, stderr, error }));
    child.once("close", (status, signal) => resolve({ status, signal, stderr, error: undefined }));
  });
}
