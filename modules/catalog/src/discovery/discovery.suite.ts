import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import { getDiscovery, listProposals, runDiscovery, type Discovery, type Proposal } from "@roadbed/contracts/catalog/proposals";
import { describeClone } from "@roadbed/git";
import { eventually } from "@roadbed/testkit";

import type { Catalog } from "../index.ts";
import type { World } from "../world.suite.ts";

const run = promisify(execFile);

/** Files of three small clones: a service with a database, one that it calls, and a library. */
export const CLONES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  orders: {
    "package.json": `{\n "name": "@shop/orders",\n "private": true,\n "scripts": { "start": "node ." },\n "dependencies": { "@shop/money": "1" }\n}`,
    Dockerfile: "FROM node:24\n",
    "docker-compose.yml":
      "services:\n  orders:\n    build: .\n    environment:\n      DATABASE_URL: postgres://orders-db:5432/orders\n      PAYMENTS_URL: http://payments:8080\n",
    CODEOWNERS: "* @shop/orders\n",
  },
  payments: {
    "go.mod": "module github.com/shop/payments\n",
    "main.go": "package main\n",
    Dockerfile: "FROM scratch\n",
    "openapi.yaml": "openapi: 3.1.0\ninfo:\n  title: Payments\n",
    CODEOWNERS: "* ada@example.com\n",
  },
  money: { "package.json": `{ "name": "@shop/money", "version": "1.0.0", "exports": "./index.js" }` },
};

/** Puts clones with a commit each below the world's folder. */
export async function putClones(world: World, clones = CLONES): Promise<void> {
  for (const [name, files] of Object.entries(clones)) {
    const dir = join(world.folder, name);
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(dir, path)), { recursive: true });
      await writeFile(join(dir, path), text);
    }
    await run("git", ["init", "-q", "-b", "main", dir]);
    await run("git", ["-C", dir, "remote", "add", "origin", `git@git.example.com:shop/${name}.git`]);
    await run("git", ["-C", dir, "add", "-A"]);
    await run("git", ["-C", dir, "-c", "user.name=Ada Lovelace", "-c", "user.email=ada@example.com", "commit", "-q", "-m", "first"]);
  }
}

export const clones = { describe: describeClone };

/** Reads the folder and waits for the end. */
export async function discover(world: World, by: Catalog = world.catalog, target: string | undefined = world.folder): Promise<Discovery> {
  const { id } = await world.ask(runDiscovery, { target }, by);
  return ended(world, id, by);
}

export async function ended(world: World, id: string, by: Catalog = world.catalog): Promise<Discovery> {
  return eventually(async () => {
    const found = await world.ask(getDiscovery, { id }, by);
    if (found.status === "queued" || found.status === "running") throw new Error(`it is ${found.status}`);
    return found;
  });
}

export async function proposalsOf(world: World, input: object = {}): Promise<readonly Proposal[]> {
  return (await world.ask(listProposals, { limit: 500, ...input })).items;
}

export async function proposalFor(world: World, ref: string, input: object = {}): Promise<Proposal> {
  const found = (await proposalsOf(world, input)).find((one) => one.ref === ref);
  if (!found) throw new Error(`no proposal for ${ref}`);
  return found;
}
