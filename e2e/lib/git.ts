import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The real Git in a folder, as somebody who is nobody in particular, and who is not asked for a password. */
export function git(cwd: string, ...args: string[]): Promise<{ stdout: string }> {
  return run("git", ["-c", "user.name=Tester", "-c", "user.email=tester@example.com", ...args], {
    cwd,
    env: { ...process.env, GIT_TERMINAL_PROMPT: "0" },
  });
}
