import { watch, type FSWatcher } from "node:fs";

import type { Logger } from "@roadbed/core";

/** Most folders of one source that are watched one by one; a larger one is looked at every minute instead. */
const MAX_FOLDERS = 4_000;
const QUIET_MS = 300;
const LOOK_MS = 60_000;

/** Tells of changes in folders, once things have been quiet for a moment. */
export interface FolderWatch {
  /** Watches exactly these folders for a source from now on; none ends it. */
  set(sourceId: string, folders: readonly string[]): void;
  close(): void;
}

export function createFolderWatch(o: { readonly log: Logger; readonly onChange: (sourceId: string) => void }): FolderWatch {
  const sources = new Map<string, { readonly watchers: Map<string, FSWatcher>; quiet?: NodeJS.Timeout; look?: NodeJS.Timeout }>();

  return {
    set: (sourceId, folders) => {
      const known = sources.get(sourceId) ?? { watchers: new Map<string, FSWatcher>() };
      const wanted = new Set(folders.length > MAX_FOLDERS ? [] : folders);
      for (const [folder, watcher] of known.watchers) if (!wanted.has(folder)) drop(known.watchers, folder, watcher);
      if (folders.length === 0) {
        clearTimeout(known.quiet);
        clearInterval(known.look);
        sources.delete(sourceId);
        return;
      }
      sources.set(sourceId, known);
      for (const folder of wanted) if (!known.watchers.has(folder)) add(sourceId, known.watchers, folder);
      if (folders.length > MAX_FOLDERS) lookRegularly(sourceId);
    },
    close: () => {
      for (const { watchers, quiet, look } of sources.values()) {
        clearTimeout(quiet);
        clearInterval(look);
        for (const watcher of watchers.values()) watcher.close();
      }
      sources.clear();
    },
  };

  function add(sourceId: string, watchers: Map<string, FSWatcher>, folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => stir(sourceId));
      watcher.on("error", () => {
        drop(watchers, folder, watcher);
        stir(sourceId);
      });
      watchers.set(folder, watcher);
    } catch (error) {
      // The system's number of watches is used up, or the folder is gone again.
      o.log.warn("a folder cannot be watched; it is looked at every minute", { folder, error: (error as Error).message });
      lookRegularly(sourceId);
    }
  }

  function drop(watchers: Map<string, FSWatcher>, folder: string, watcher: FSWatcher): void {
    watcher.close();
    watchers.delete(folder);
  }

  function stir(sourceId: string): void {
    const source = sources.get(sourceId);
    if (!source) return;
    clearTimeout(source.quiet);
    source.quiet = setTimeout(() => o.onChange(sourceId), QUIET_MS);
  }

  function lookRegularly(sourceId: string): void {
    const source = sources.get(sourceId);
    if (source) source.look ??= setInterval(() => o.onChange(sourceId), LOOK_MS).unref();
  }
}
