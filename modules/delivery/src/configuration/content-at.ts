import type { Repositories } from "@roadbed/git";

import { MANIFEST_FILE, parseManifest, type Manifest } from "../workload/manifest.ts";
import { contentOf, filesOf, type Content } from "./content-of.ts";

/** Of a commit of a repository; undefined for what has a process. */
export async function contentAt(
  repositories: Pick<Repositories, "readFile">,
  repository: string,
  commit: string,
  manifest: Manifest,
): Promise<Content | undefined> {
  const texts = new Map<string, string>();
  for (const file of filesOf(manifest)) {
    const bytes = await repositories.readFile(repository, commit, file);
    if (bytes !== undefined) texts.set(file, Buffer.from(bytes).toString("utf8"));
  }
  return contentOf(manifest, commit, (file) => texts.get(file));
}

/** Of the files that a release keeps. */
export function contentOfConfig(config: Readonly<Record<string, string>>, commit: string): Content | undefined {
  const text = config[MANIFEST_FILE];
  return text === undefined ? undefined : contentOf(parseManifest(text), commit, (file) => config[file]);
}
