import { Entity, formatRef, parseRef } from "@roadbed/contracts/catalog";
import { InvalidError, NotFoundError } from "@roadbed/core";
import { readFile } from "node:fs/promises";
import { parseAllDocuments, stringify } from "yaml";
import { z } from "zod";

import type { Catalog } from "../deps.ts";
import { exists, placeFile, resolveInside } from "../workspace/workspace.ts";
import { defineAction, type Action } from "./action.ts";
import { repositoryOf } from "./repository-url.ts";

const RegisterInput = z
  .object({
    catalogInfoUrl: z.string().optional(),
    repoContentsUrl: z.string().optional(),
    catalogInfoPath: z.string().default("/catalog-info.yaml"),
    sourcePath: z.string().default("."),
    optional: z.boolean().default(false),
  })
  .refine((input) => input.catalogInfoUrl !== undefined || input.repoContentsUrl !== undefined, "needs catalogInfoUrl or repoContentsUrl");

/** Puts what a repository describes into the catalogue. */
export function makeCatalogRegister(catalog: Catalog, publicUrl: string): Action {
  return defineAction({
    id: "catalog:register",
    description: "Registers the entities that a repository describes.",
    input: RegisterInput,
    reach: "outside",
    async describe(c, input) {
      const file = await resolveInside(c.workspace, `${input.sourcePath}/${input.catalogInfoPath}`.replace(/\/+/g, "/"), "catalogInfoPath");
      const refs = (await exists(file)) ? refsIn(await readFile(file, "utf8")) : [];
      if (refs.length === 0)
        return { words: `Registers what ${input.catalogInfoPath} describes.`, output: { catalogInfoUrl: addressOf(input) } };
      return {
        words: `Registers ${refs.join(", ")} in the catalogue.`,
        resources: refs.map((ref) => ({ kind: "Entity", name: ref, summary: "registered in the catalogue" })),
        output: { entityRef: mainOf(refs), catalogInfoUrl: addressOf(input) },
      };
    },
    async run(c, input) {
      const address = addressOf(input);
      const repository = repositoryOf(address, publicUrl);
      const refs = await register(repository, address).catch(async (error: unknown) => {
        if (!input.optional) throw error;
        await c.log("warn", `Not registered: ${error instanceof Error ? error.message : String(error)}`);
        return [];
      });
      if (refs.length > 0) await c.log("info", `Registered ${refs.join(", ")}.`);
      const entityRef = mainOf(refs);
      return { catalogInfoUrl: address, ...(entityRef === undefined ? {} : { entityRef }) };

      async function register(name: string | undefined, url: string): Promise<readonly string[]> {
        if (name !== undefined) return (await c.write((ctx) => catalog.registerRepository(ctx, { repository: name, branch: "main" }))).refs;
        const registered = await c.write(async (ctx) => catalog.registerUrl?.(ctx, url));
        if (registered) return registered.refs;
        throw new InvalidError(`${url} is not a repository of this Roadbed.`, {
          mend: "Publish with publish:git, or import the address as a source.",
        });
      }
    },
    async undo(c, { input, output }) {
      const told = output["catalogInfoUrl"];
      const address = typeof told === "string" ? told : input === undefined ? undefined : addressOf(input);
      const refs = typeof output["entityRef"] === "string" ? output["entityRef"] : "what it registered";
      if (address === undefined || catalog.unregister === undefined) return { done: false, words: `${refs} stays in the catalogue.` };
      const repository = repositoryOf(address, publicUrl);
      const found = await c.write((ctx) => catalog.unregister!(ctx, repository === undefined ? { url: address } : { repository }));
      return found
        ? { done: true, words: `${refs} is out of the catalogue.` }
        : {
            done: repository !== undefined,
            words:
              repository === undefined
                ? `${address} is read by a source of its organisation: it goes when its file goes.`
                : `${refs} was gone.`,
          };
    },
  });
}

/** Writes a descriptor into the workspace, with the path it came from. */
export const catalogWrite: Action = defineAction({
  id: "catalog:write",
  description: "Writes an entity into a descriptor in the workspace.",
  input: z.object({ filePath: z.string().default("catalog-info.yaml"), entity: Entity }),
  reach: "local",
  describe: async (_c, { filePath, entity }) => ({ words: `Writes ${entity.kind} ${entity.metadata.name} into ${filePath}.` }),
  async run(c, { filePath, entity }) {
    const annotations = { ...entity.metadata.annotations, "backstage.io/source-template": c.template.ref };
    const data = stringify({ ...entity, metadata: { ...entity.metadata, annotations } }, { lineWidth: 0 });
    await placeFile(await resolveInside(c.workspace, filePath, "filePath"), { data }, { mode: 0o644, replace: true });
    return {};
  },
});

/** Reads entities for later steps. */
export function makeCatalogFetch(catalog: Catalog): Action {
  return defineAction({
    id: "catalog:fetch",
    description: "Reads entities of the catalogue for later steps.",
    input: z
      .object({
        entityRef: z.string().optional(),
        entityRefs: z.array(z.string()).optional(),
        optional: z.boolean().default(false),
        defaultKind: z.string().optional(),
        defaultNamespace: z.string().optional(),
      })
      .refine((input) => (input.entityRef === undefined) !== (input.entityRefs === undefined), "needs either entityRef or entityRefs"),
    reach: "local",
    writesWorkspace: false,
    describe: async (_c, { entityRef, entityRefs }) => ({
      words: `Reads ${[entityRef ?? entityRefs].flat().join(", ")} from the catalogue.`,
    }),
    async run(c, input) {
      const defaults = {
        ...(input.defaultKind === undefined ? {} : { kind: input.defaultKind }),
        ...(input.defaultNamespace === undefined ? {} : { namespace: input.defaultNamespace }),
      };
      const read = async (given: string): Promise<Entity | null> => {
        const ref = formatRef(parseRef(given, defaults));
        const entity = await c.read((ctx) => catalog.get(ctx, ref));
        if (entity === undefined && !input.optional) throw new NotFoundError("entity", ref);
        return entity ?? null;
      };
      if (input.entityRef !== undefined) return { entity: await read(input.entityRef) };
      return { entities: await Promise.all((input.entityRefs ?? []).map(read)) };
    },
  });
}

function addressOf({ catalogInfoUrl, repoContentsUrl, catalogInfoPath }: z.output<typeof RegisterInput>): string {
  return catalogInfoUrl ?? `${(repoContentsUrl ?? "").replace(/\/+$/, "")}/${catalogInfoPath.replace(/^\/+/, "")}`;
}

/** The references a descriptor gives, as far as it can be read. */
export function refsIn(yaml: string): string[] {
  return parseAllDocuments(yaml, { logLevel: "silent" }).flatMap((document) => {
    const { success, data } =
      document.errors.length > 0 ? { success: false, data: undefined } : Entity.safeParse(document.toJS({ maxAliasCount: 100 }));
    if (!success || data === undefined) return [];
    return [formatRef({ kind: data.kind, namespace: data.metadata.namespace ?? "default", name: data.metadata.name })];
  });
}

/** As Backstage chooses: the first component, else the first. */
function mainOf(refs: readonly string[]): string | undefined {
  return refs.find((ref) => ref.startsWith("component:")) ?? refs[0];
}
