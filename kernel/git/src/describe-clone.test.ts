import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { describeClone } from "./describe-clone.ts";

const run = promisify(execFile);
let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "describe-clone-"));
});
afterAll(() => rm(home, { recursive: true }));

async function clone(name: string): Promise<string> {
  const dir = join(home, name);
  await mkdir(dir);
  await run("git", ["init", "-q", "-b", "main", dir]);
  return dir;
}

async function commit(dir: string, who: string, email: string, at: string): Promise<void> {
  await run("git", ["-C", dir, "-c", `user.name=${who}`, "-c", `user.email=${email}`, "commit", "-q", "--allow-empty", "-m", "x"], {
    env: { ...process.env, GIT_AUTHOR_DATE: at, GIT_COMMITTER_DATE: at },
  });
}

const ask = (dir: string) => describeClone({ dir, since: "2026-01-01", commits: 100 });

describe("describeClone", () => {
  it("counts authors since a day, and gives the remote without its credentials", async () => {
    const dir = await clone("a");
    await run("git", ["-C", dir, "remote", "add", "origin", "https://ada:hunter2@git.example.com/shop/a.git"]);
    await commit(dir, "Old", "old@example.com", "2025-06-01T00:00:00Z");
    await commit(dir, "Ada", "Ada@example.com", "2026-02-01T00:00:00Z");
    await commit(dir, "Grace", "grace@example.com", "2026-02-02T00:00:00Z");
    await commit(dir, "Ada", "ada@example.com", "2026-02-03T00:00:00Z");
    expect(await ask(dir)).toEqual({
      remote: "https://git.example.com/shop/a.git",
      authors: [
        { name: "Ada", email: "ada@example.com", commits: 2, last: "2026-02-03" },
        { name: "Grace", email: "grace@example.com", commits: 1, last: "2026-02-02" },
      ],
    });
  });

  it("knows nothing of a folder without history, of one without commits, and of a .git that leads elsewhere", async () => {
    const dir = await clone("b");
    expect(await ask(dir)).toEqual({ authors: [] });
    await mkdir(join(dir, "inner"));
    expect(await ask(join(dir, "inner"))).toEqual({ authors: [] });
    await mkdir(join(home, "c"));
    await symlink(join(home, "a", ".git"), join(home, "c", ".git"));
    expect(await ask(join(home, "c"))).toEqual({ authors: [] });
  });

  it("runs nothing that a clone's configuration names", async () => {
    const dir = await clone("d");
    await commit(dir, "Ada", "ada@example.com", "2026-02-01T00:00:00Z");
    const trap = join(home, "trap.sh");
    const sprung = join(home, "sprung");
    await writeFile(trap, `#!/bin/sh\ntouch ${sprung}\n`, { mode: 0o755 });
    for (const key of ["core.fsmonitor", "gpg.program", "core.pager", "core.sshCommand"])
      await run("git", ["-C", dir, "config", key, trap]);
    await run("git", ["-C", dir, "config", "log.showSignature", "true"]);
    expect((await ask(dir)).authors).toHaveLength(1);
    await expect(readFile(sprung)).rejects.toThrow("ENOENT");
  });
});
