/** Where one module asks another: each port is declared by the asker and answered here. */
import type { Catalog } from "@roadbed/catalog";
import { importSource, listEntities, validateEntity } from "@roadbed/contracts/catalog";
import { getMe } from "@roadbed/contracts/identity";
import { perform, type Handler, type Operation, type OutputOf, type ParsedInputOf, type Runtime, type Call } from "@roadbed/core";
import { viewerOf } from "@roadbed/identity";
import type { NotifyDeps } from "@roadbed/notify";
import type { PathsDeps } from "@roadbed/paths";
import type { Database } from "@roadbed/postgres";

type SystemRuntime = Runtime & { system(job: string): Call };

/** What golden paths ask of the catalogue. */
export function catalogForPaths(catalog: Catalog, runtime: SystemRuntime): PathsDeps["catalog"] {
  const ask = async <O extends Operation>(operation: O, input: ParsedInputOf<O>, scopes?: readonly string[]): Promise<OutputOf<O>> => {
    const handler = catalog.handlers.find((candidate) => candidate.operation.name === operation.name);
    if (!handler) throw new Error(`the catalogue has no ${operation.name}`);
    const call = runtime.system("paths");
    return (await perform(runtime, handler, { ...call, ...(scopes ? { scopes: new Set(scopes) } : {}) }, input)) as OutputOf<O>;
  };
  return {
    get: (ctx, ref) => catalog.getEntity(ctx, ref),
    hiddenFrom: (ctx) => catalog.hiddenFrom(ctx),
    async refs(_ctx, kinds) {
      const refs: string[] = [];
      for (let cursor: string | undefined; ;) {
        const page = await ask(listEntities, {
          filter: kinds.map((kind) => `kind=${kind}`).join(","),
          limit: 500,
          sort: "name",
          ...(cursor === undefined ? {} : { cursor }),
        });
        refs.push(...page.items.map(({ ref }) => ref));
        cursor = page.nextCursor;
        if (cursor === undefined) return refs;
      }
    },
    async validate(_ctx, yaml) {
      const { problems } = await ask(validateEntity, { yaml });
      return problems.map(({ at, reason, mend }) => ({ at, reason, ...(mend === undefined ? {} : { mend }) }));
    },
    registerRepository: (ctx, { repository }) => catalog.registerRepository(ctx, { repository }),
    async registerUrl(_ctx, url) {
      // Whoever follows a path may have named the address: it gives no right to read a folder of this machine.
      const { source } = await ask(importSource, { target: url, watch: true }, ["catalog:read", "catalog:write"]);
      const { items } = await ask(listEntities, {
        filter: `metadata.annotations.backstage.io/managed-by-origin-location=url:${source.target}`,
        limit: 500,
        sort: "name",
      });
      return { refs: items.map(({ ref }) => ref) };
    },
  };
}

/** Who asks for a run: the name of the account, and the user entity that is linked to it. */
export function peopleForPaths(identity: { readonly handlers: readonly Handler[] }, runtime: Runtime): NonNullable<PathsDeps["people"]> {
  const handler = identity.handlers.find(({ operation }) => operation.name === getMe.name);
  return {
    async describe({ idempotencyKey: _unused, ...call }) {
      if (handler === undefined) return undefined;
      const me = (await perform(runtime, handler, { ...call, scopes: new Set(["*"]) }, {})) as OutputOf<typeof getMe>;
      return { name: me.displayName, ...(me.entityRef === undefined ? {} : { entityRef: me.entityRef }) };
    },
  };
}

/** What notices ask of the catalogue. */
export function thingsForNotify(catalog: Catalog, db: Database): NotifyDeps["things"] {
  return {
    async seesAs(userId, ref) {
      const viewer = await viewerOf(db, userId);
      return viewer !== undefined && catalog.seesNewsOf(viewer, ref);
    },
    sees: (viewer, ref) => catalog.sees(viewer, ref),
    ownersOf: (ctx, ref) => catalog.ownersOf(ctx as never, ref),
    dependantsOf: (ref) => catalog.dependantsOf(ref),
    titleOf: (ref) => catalog.titleOf(ref),
  };
}
