import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { cloneRepository } from "./clone-repository.ts";

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "clone-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

test("a remote that cannot be read is told by what is wrong, not by git's closing advice", async () => {
  await expect(cloneRepository({ url: `file://${home}/nothing`, dir: join(home, "a") })).rejects.toMatchObject({
    code: "UNAVAILABLE",
    message: expect.stringMatching(/nothing could not be read: fatal: .*not appear to be a git repository/),
  });
});

test("an address that would run a command or is no address is refused", async () => {
  for (const url of ["ext::sh -c id", "--upload-pack=id", "ssh://-oProxyCommand=id/x", "git://host/x", "/srv/repo", "host:path"])
    await expect(cloneRepository({ url, dir: join(home, "b") })).rejects.toMatchObject({ code: "INVALID" });
});
