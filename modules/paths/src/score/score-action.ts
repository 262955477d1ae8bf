import { InvalidError } from "@roadbed/core";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";

import { defineAction, type Action } from "../action/action.ts";
import { exists, isWithin, placeFile, readText, resolveInside } from "../workspace/workspace.ts";
import { renderScore } from "./render-score.ts";
import { parseWorkload } from "./workload.ts";

/** A Score file of the workspace, turned into manifests and entities beside it. */
export const scoreRender: Action = defineAction({
  id: "score:render",
  description:
    "Turns a Score workload (score.dev/v1b1) of the workspace into Kubernetes manifests, a Compose file and entities of the catalogue.",
  input: z.object({
    file: z.string().default("score.yaml"),
    targetPath: z.string().default("."),
    image: z.string().optional().describe('What stands in the place of an image "."'),
    owner: z.string().min(1),
    system: z.string().optional(),
    lifecycle: z.string().default("experimental"),
    targets: z.array(z.enum(["kubernetes", "compose", "catalog"])).default(["kubernetes", "compose", "catalog"]),
    replace: z.boolean().default(false),
  }),
  output: z.object({
    name: z.string(),
    entityRef: z.string(),
    files: z.array(z.string()),
    resources: z.array(z.record(z.string(), z.unknown())),
  }),
  examples: [
    { description: "The workload of the workspace", input: { owner: "group:default/web", image: "registry.example.org/orders:1.0.0" } },
  ],
  reach: "local",
  describe: async (_c, { file, targets }) => ({ words: `Turns the workload ${file} into ${targets.join(", ")}.` }),
  async run(c, { file, targetPath, replace, ...options }) {
    const place = await resolveInside(c.workspace, file, "file");
    const text = (await exists(place)) ? await readText(place) : undefined;
    if (text === undefined)
      throw new InvalidError(`${file} is not in the workspace.`, { mend: "Fill it in before, e.g. by fetch:template." });
    const workload = parseWorkload(text, file);
    const read = (path: string): string | undefined => {
      const source = join(dirname(place), path);
      if (!isWithin(c.workspace, source)) return undefined;
      try {
        return readFileSync(source, "utf8");
      } catch {
        return undefined;
      }
    };
    const files: string[] = [];
    for (const made of renderScore(workload, { ...options, read })) {
      const target = await resolveInside(c.workspace, join(targetPath, made.path), "targetPath");
      if (await placeFile(target, { data: made.text }, { mode: 0o644, replace })) files.push(made.path);
      else await c.log("warn", `${made.path} is there already and stays.`);
    }
    await c.log("info", `Workload ${workload.metadata.name}: ${files.join(", ")}.`);
    const resources = Object.entries(workload.resources).map(([name, { type, class: of, id, params }]) => ({
      name,
      type,
      ...(of === undefined ? {} : { class: of }),
      ...(id === undefined ? {} : { id }),
      ...(params === undefined ? {} : { params }),
    }));
    return { name: workload.metadata.name, entityRef: `component:default/${workload.metadata.name}`, files, resources };
  },
});
