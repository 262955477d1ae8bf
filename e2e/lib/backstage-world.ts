/** A catalogue of its own behind the Backstage face, on a real database and a real port, and Backstage's own client in front. */
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { CatalogClient } from "@backstage/catalog-client";
import { createCatalog, migrations, type Catalog } from "@roadbed/catalog";
import { importSource } from "@roadbed/contracts/catalog";
import { perform, UnauthenticatedError, type Operation, type OutputOf } from "@roadbed/core";
import { backstageFace } from "@roadbed/face-backstage";
import { cloneRepository, fetchRepository, openRepositories } from "@roadbed/git";
import { createHttpServer } from "@roadbed/http";
import { callAs, createTestDatabase, quietLog, type TestDatabase } from "@roadbed/testkit";

export interface BackstageWorld {
  readonly client: CatalogClient;
  /** What the client asked for last. */
  readonly last: () => { readonly method: string; readonly url: string };
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>;
  readonly catalog: Catalog;
  readonly database: TestDatabase;
  readonly home: string;
  readonly repositories: ReturnType<typeof openRepositories>;
  readonly ask: <O extends Operation>(operation: O, input: unknown) => Promise<OutputOf<O>>;
  /** Writes files into the folder that is read, and reads it. */
  readonly put: (files: Readonly<Record<string, string>>) => Promise<void>;
  readonly close: () => Promise<void>;
}

export const TOKEN = "good";

/** `fixtures`: real catalogues that are read at the beginning. */
export async function openBackstageWorld({ fixtures = true }: { readonly fixtures?: boolean } = {}): Promise<BackstageWorld> {
  const database = await createTestDatabase([migrations]);
  const { db, runtime } = database;
  const home = await mkdtemp(join(tmpdir(), "backstage-"));
  const folder = join(home, "catalogue");
  await mkdir(folder);
  if (fixtures) await cp(fileURLToPath(new URL("../../modules/catalog/fixtures", import.meta.url)), folder, { recursive: true });
  const repositories = openRepositories(join(home, "git"));
  const remotes = { clone: cloneRepository, fetch: fetchRepository };
  const catalog = createCatalog({ db, runtime, log: quietLog, repositories, remotes, dataDir: join(home, "data") });
  const app = createHttpServer({ log: quietLog, checks: [] });
  backstageFace(app, {
    handlers: [...catalog.handlers, ...catalog.backstage],
    runtime,
    authenticate: async ({ headers }) => {
      if (headers.authorization === undefined) return undefined;
      const { actor } = callAs();
      if (headers.authorization === `Bearer ${TOKEN}`) return { actor, scopes: new Set(["*"]), via: "token" };
      if (headers.authorization === "Bearer reader") return { actor, scopes: new Set(["catalog:read"]), via: "token" };
      throw new UnauthenticatedError("This token is not known.");
    },
  });
  const url = `${await app.listen({ port: 0, host: "127.0.0.1" })}/api/catalog`;
  let last = { method: "", url: "" };
  const client = new CatalogClient({
    discoveryApi: { getBaseUrl: async () => url },
    fetchApi: {
      fetch: (input, init) => {
        last = { method: init?.method ?? "GET", url: input as string };
        return get(input as string, init as RequestInit);
      },
    },
  });
  const ask = async <O extends Operation>(operation: O, input: unknown): Promise<OutputOf<O>> => {
    const handler = catalog.handlers.find((one) => one.operation === operation)!;
    return (await perform(runtime, handler, callAs(), input)) as OutputOf<O>;
  };
  const put = async (files: Readonly<Record<string, string>>): Promise<void> => {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    await ask(importSource, { target: folder, watch: false });
  };
  await put({});
  return {
    client,
    last: () => last,
    fetch: (path, init) => get(`${url}${path}`, init),
    catalog,
    database,
    home,
    repositories,
    ask,
    put,
    close: async () => {
      await app.close();
      await catalog.stop();
      await database.drop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** With the token that may everything, unless another is given. */
function get(url: string, init: RequestInit | undefined): Promise<Response> {
  const headers = new Headers(init?.headers);
  if (!headers.has("authorization")) headers.set("authorization", `Bearer ${TOKEN}`);
  return fetch(url, { ...init, headers });
}
