import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import type { Entity } from "@roadbed/contracts/catalog";
import type { Preview } from "@roadbed/contracts/paths";
import { parse } from "yaml";

import { createActions, type ActionDeps } from "../action/actions.ts";
import { createRenderer, type RendererOptions } from "../render/renderer.ts";
import { rehearse } from "../run/start-run.ts";
import { makeCheckValues } from "../template/check-values.ts";
import { parsePath } from "../template/template.ts";
import { bareCtx, PUBLIC_URL, type World } from "./ports.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export interface PreviewBench {
  readonly dataDir: string;
  /** Previews a template with its files in `folder`. */
  preview(
    entity: Entity,
    folder: string | undefined,
    values: Record<string, unknown>,
    secrets?: Record<string, string>,
    root?: string,
  ): Promise<Preview>;
  close(): Promise<void>;
}

/** Everything that a preview needs, without a database. */
export async function createPreviewBench(
  world: World,
  o: RendererOptions = {},
  ways: Pick<ActionDeps, "outside" | "connections"> = { outside: undefined },
): Promise<PreviewBench> {
  const renderer = createRenderer(o);
  const dataDir = await temporaryFolder();
  const actions = createActions({ ...world.ports, ...ways, publicUrl: PUBLIC_URL });
  const checkValues = makeCheckValues({ ...world.ports, renderer });
  return {
    dataDir,
    async preview(entity, folder, values, secrets = {}, root = folder) {
      const path = parsePath({ entity, ...(folder === undefined || root === undefined ? {} : { folder, root }) });
      const deps = { ...world.ports, actions, renderer, dataDir, checkValues };
      return (await rehearse(deps, bareCtx(), path, values, secrets)).previewed.preview;
    },
    close: () => renderer.close(),
  };
}

/** A Template of these steps, for tests: `parameters` and `steps` as YAML. */
export function template(yaml: string, name = "sample"): Entity {
  const spec = parse(yaml) as Record<string, unknown>;
  return {
    apiVersion: "scaffolder.backstage.io/v1beta3",
    kind: "Template",
    metadata: { name, title: "Sample" },
    spec: { type: "service", owner: "group:default/platform", ...spec },
  };
}

/** Writes a folder of files into a temporary place and answers where. */
export async function folderOf(files: Record<string, string | Uint8Array>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}
