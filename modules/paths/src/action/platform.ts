import { InvalidError } from "@roadbed/core";
import { z } from "zod";

import type { Catalog, Platform } from "../deps.ts";
import { defineAction, type Action } from "./action.ts";

const OperationInput = z.object({
  operation: z.string().regex(
    // Of resources those alone that tell nothing secret.
    /^((catalog|delivery)\.[a-z-]+\.[a-z-]+|paths\.resource\.(change|check|destroy|list|retry))$/,
    "must be an operation of the catalogue, of delivery or of resources, e.g. catalog.ownership.assign",
  ),
  input: z.record(z.string(), z.unknown()).default({}),
});

/** The platform's own operations as steps: in the name and with the rights of who started the run, never with more. */
export function makePlatformActions(platform: Platform | undefined): Action[] {
  const find = (name: string, wanted: "read" | "write"): { readonly summary: string } => {
    const operation = platform?.find(name);
    if (operation === undefined) throw new InvalidError(`There is no operation ${name}.`, { mend: "See roadbed help." });
    if ((operation.risk === "read") !== (wanted === "read")) {
      throw new InvalidError(`${name} ${operation.risk === "read" ? "changes nothing" : "changes something"}.`, {
        mend: `Use roadbed:${operation.risk === "read" ? "ask" : "perform"} for it.`,
      });
    }
    return operation;
  };
  return [
    defineAction({
      id: "roadbed:ask",
      description: "Asks the platform by one of its own operations that change nothing, e.g. delivery.workload.list.",
      input: OperationInput,
      reach: "local",
      writesWorkspace: false,
      describe: async (_c, { operation }) => ({ words: `Asks: ${find(operation, "read").summary}` }),
      async run(c, { operation, input }) {
        find(operation, "read");
        return { answer: await platform?.perform(c.asStarter, operation, input) };
      },
    }),
    defineAction({
      id: "roadbed:perform",
      description: "Does one of the platform's own operations, with the rights of who started the run, e.g. catalog.ownership.assign.",
      input: OperationInput,
      reach: "outside",
      describe: async (_c, { operation, input }) => ({
        words: find(operation, "write").summary,
        resources: [{ kind: "Operation", name: operation, summary: JSON.stringify(input).slice(0, 300) }],
        output: { answer: {} },
      }),
      async run(c, { operation, input }) {
        find(operation, "write");
        const answer = await platform?.perform({ ...c.asStarter, idempotencyKey: c.key }, operation, input);
        await c.log("info", `Done: ${operation}`);
        return { answer };
      },
    }),
  ];
}

const DependantsInput = z.object({ entityRef: z.string().min(1), refuse: z.boolean().default(true) });

/** What needs an entity; by default a path stops on it before it makes anything. */
export function makeCatalogDependants(catalog: Catalog): Action {
  const dependantsOf = async (ref: string): Promise<readonly string[]> => ((await catalog.dependantsOf?.(ref)) ?? []).map((one) => one.ref);
  const words = (refs: readonly string[]): string =>
    `${refs.slice(0, 5).join(", ")}${refs.length > 5 ? ` and ${refs.length - 5} more` : ""}`;
  return defineAction({
    id: "catalog:dependants",
    description: "Finds what depends on an entity or calls its APIs, and stops the path while there is any.",
    input: DependantsInput,
    reach: "local",
    writesWorkspace: false,
    async describe(_c, { entityRef, refuse }) {
      const found = await dependantsOf(entityRef);
      return {
        words:
          found.length === 0
            ? `Nothing depends on ${entityRef}.`
            : `${words(found)} ${found.length === 1 ? "depends" : "depend"} on ${entityRef}.`,
        problems:
          found.length > 0 && refuse
            ? [
                {
                  about: entityRef,
                  reason: `${words(found)} still ${found.length === 1 ? "depends" : "depend"} on it`,
                  mend: "Move them away from it first.",
                },
              ]
            : [],
      };
    },
    async run(c, { entityRef, refuse }) {
      const dependants = await dependantsOf(entityRef);
      // In a preview, the problem above says it at the field that names the entity.
      if (dependants.length > 0 && refuse && c.remember !== undefined)
        throw new InvalidError(`${words(dependants)} still ${dependants.length === 1 ? "depends" : "depend"} on ${entityRef}.`, {
          mend: "Move them away from it first.",
        });
      await c.log("info", dependants.length === 0 ? `Nothing depends on ${entityRef}.` : `On ${entityRef} depend: ${words(dependants)}.`);
      return { dependants };
    },
  });
}
