import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

import { record, textOf } from "../lib/git-host.ts";
import type { KubeApi, KubeObject, Sort } from "./kube-api.ts";

/** One list of the API that is followed. */
export interface Watched {
  readonly sort: Sort;
  readonly namespace?: string;
  readonly selector?: string;
}

/**
 * Ends never; yields whenever something that is read has changed. Each list is read once and then followed from its version on; when
 * the server has forgotten that version (410 Gone) it is read anew. What changes without meaning anything here (a heartbeat, who
 * manages a field) is not told.
 */
export async function* watchLists(api: KubeApi, lists: readonly Watched[], signal: AbortSignal): AsyncGenerator<void> {
  let changed = true;
  let wake: () => void = () => {};
  let failed: { readonly error: unknown } | undefined;
  const tell = (): void => {
    changed = true;
    wake();
  };
  const ended = new AbortController();
  const both = AbortSignal.any([signal, ended.signal]);
  both.addEventListener("abort", () => wake());
  for (const one of lists) {
    watchList(api, one, both, tell).catch((error: unknown) => {
      failed ??= { error };
      wake();
    });
  }
  try {
    while (!signal.aborted) {
      if (failed) throw failed.error;
      if (changed) {
        changed = false;
        yield;
        continue;
      }
      await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    ended.abort();
  }
}

async function watchList(api: KubeApi, one: Watched, signal: AbortSignal, tell: () => void): Promise<void> {
  const marks = new Map<string, string>();
  while (!signal.aborted) {
    const { items, version } = await api.listAt(one.sort, one);
    if (relist(marks, items)) tell();
    let at: string | undefined = version;
    while (at !== undefined && !signal.aborted) {
      const began = Date.now();
      at = await api.watch(one.sort, { ...one, from: at, signal }, (type, object) => {
        const [key, mark] = [keyOf(object), markOf(object)];
        if (type === "DELETED" ? marks.delete(key) : marks.get(key) !== mark) tell();
        if (type !== "DELETED") marks.set(key, mark);
      });
      // A server that ends each watch at once is not asked without a pause.
      if (at !== undefined && Date.now() - began < 1_000) await pause(1_000, undefined, { signal, ref: false }).catch(() => {});
    }
  }
}

/** Whether the list says something else than what was known; the first one is no news. */
function relist(marks: Map<string, string>, items: readonly KubeObject[]): boolean {
  const isFirst = marks.size === 0;
  const now = new Map(items.map((item) => [keyOf(item), markOf(item)]));
  const differs = now.size !== marks.size || [...now].some(([key, mark]) => marks.get(key) !== mark);
  marks.clear();
  for (const [key, mark] of now) marks.set(key, mark);
  return differs && !isFirst;
}

function keyOf(object: KubeObject): string {
  const { namespace, name } = record(object["metadata"]);
  return `${textOf(namespace) ?? ""}/${textOf(name) ?? ""}`;
}

/** Of what is read of an object. */
function markOf({ metadata, spec, status }: KubeObject): string {
  const { labels, annotations } = record(metadata);
  const { readyReplicas, numberReady, desiredNumberScheduled, loadBalancer } = record(status);
  const said = [labels, annotations, spec, readyReplicas, numberReady, desiredNumberScheduled, loadBalancer];
  return createHash("sha256").update(JSON.stringify(said)).digest("base64url");
}
