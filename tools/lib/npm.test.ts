import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { explainNpm, findNpm, npmEnvironment, refuseFullDisk } from "./npm.mjs";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "roadbed-npm-"));
  for (const path of ["real/npm/bin/npm-cli.js", "yarn/yarn.js", "shim/npm", "bin/node"]) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), "");
  }
  mkdirSync(join(folder, "linked"));
  symlinkSync(join(folder, "real/npm/bin/npm-cli.js"), join(folder, "linked/npm"));
  mkdirSync(join(folder, "lib/node_modules/npm/bin"), { recursive: true });
  writeFileSync(join(folder, "lib/node_modules/npm/bin/npm-cli.js"), "");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("npm is found", () => {
  const inFolder = (path: string) => join(folder, path);

  test("as the one that started us", () => {
    expect(findNpm({ npm_execpath: inFolder("real/npm/bin/npm-cli.js"), PATH: "" }, "/none")).toBe(inFolder("real/npm/bin/npm-cli.js"));
  });
  test("but never as another package manager", () => {
    expect(findNpm({ npm_execpath: inFolder("yarn/yarn.js"), PATH: inFolder("linked") }, "/none")).toBe(
      inFolder("real/npm/bin/npm-cli.js"),
    );
  });
  test("beside Node where the PATH has only a shim", () => {
    expect(findNpm({ PATH: inFolder("shim") }, inFolder("bin/node"))).toBe(inFolder("lib/node_modules/npm/bin/npm-cli.js"));
  });
  test("or told to be missing", () => {
    expect(() => findNpm({ PATH: inFolder("none") }, inFolder("real/npm/bin/npm-cli.js"))).toThrow("npm was not found.");
  });
});

describe("what npm says becomes advice", () => {
  test.each([
    [
      "npm error code ECONNREFUSED\nnpm error FetchError: request to http://127.0.0.1:9/zod failed",
      "could not reach its registry",
      "Connect to the network",
    ],
    ["npm error code ENOTFOUND", "could not reach its registry", "Connect to the network"],
    ["npm error code ENOTCACHED", "could not reach its registry", "Connect to the network"],
    ["npm error nospc ENOSPC: no space left on device, write", "The disk is full", "Free about 2 GB"],
    ["npm error code EACCES\nnpm error path /root/.npm", "may not write", "chown"],
    ["npm error code E401\nnpm error Unable to authenticate", "does not give what the lock file names", "npm login"],
    ["npm error code EINTEGRITY", "not the one that the lock file names", "npm cache verify"],
    ["npm error something new", "npm failed in /clone", "npm start again"],
  ])("%s", (output, message, mend) => {
    const refusal = explainNpm(`${output}\nnpm error A complete log of this run can be found in: x`, "/clone");
    expect(refusal.message).toContain(message);
    expect(refusal.message).not.toContain("complete log");
    expect(refusal.mend).toContain(mend);
  });
});

test("of npm's network errors the sentences are told, not the stack", () => {
  const refusal = explainNpm(
    `npm error code ECONNREFUSED
npm error errno ECONNREFUSED
npm error FetchError: request to http://127.0.0.1:9/zod failed, reason: connect ECONNREFUSED 127.0.0.1:9
npm error     at ClientRequest.<anonymous> (/npm/node_modules/minipass-fetch/lib/index.js:130:14)
npm error   code: 'ECONNREFUSED',
npm error   port: 9,
npm error   type: 'system',
npm error   requiredBy: '.'
npm error }
npm error
npm error If you are behind a proxy, please make sure that the
npm error 'proxy' config is set properly.  See: 'npm help config'
npm error A complete log of this run can be found in: /root/.npm/_logs/x.log`,
    "/clone",
  );
  expect(refusal.message.split("\n")).toEqual([
    "npm could not reach its registry:",
    "npm error code ECONNREFUSED",
    "npm error errno ECONNREFUSED",
    "npm error FetchError: request to http://127.0.0.1:9/zod failed, reason: connect ECONNREFUSED 127.0.0.1:9",
    "npm error If you are behind a proxy, please make sure that the",
    "npm error 'proxy' config is set properly.  See: 'npm help config'",
  ]);
});

test("npm hears how to reach the registry, and nothing of the script that it runs in", () => {
  const env = npmEnvironment(
    {
      PATH: "/usr/bin",
      HOME: "/home/ada",
      NODE_OPTIONS: "--inspect",
      NODE_ENV: "production",
      INIT_CWD: "/clone",
      npm_config_registry: "https://npm.example.com",
      npm_config_cache: "/cache",
      npm_config_strict_ssl: "false",
      "npm_config_//npm.example.com/:_authToken": "x",
      npm_config_omit: "dev",
      npm_config_global: "true",
      npm_config_local_prefix: "/clone",
      npm_lifecycle_event: "start",
      npm_package_name: "roadbed",
      npm_execpath: "/npm-cli.js",
    },
    "/node24/bin/node",
  );
  expect(env).toEqual({
    PATH: "/node24/bin:/usr/bin",
    HOME: "/home/ada",
    npm_config_registry: "https://npm.example.com",
    npm_config_cache: "/cache",
    npm_config_strict_ssl: "false",
    "npm_config_//npm.example.com/:_authToken": "x",
  });
});

test("a disk without room is told with the figures", () => {
  expect(() => refuseFullDisk(folder, 2 ** 60)).toThrow(/nearly full: \d+ MB free in .*, \d+ MB needed/);
  refuseFullDisk(folder, 1);
});
