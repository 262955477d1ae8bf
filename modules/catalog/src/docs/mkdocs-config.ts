import { posix } from "node:path";

import { parse } from "yaml";

import { isRecord } from "../entity/validate-spec.ts";

/** Where a page stands in the navigation. */
export interface NavEntry {
  /** As the navigation calls it; undefined where it only names the file. */
  readonly title: string | undefined;
  readonly section: readonly string[];
}

/** What `mkdocs.yml` says that matters here. */
export interface DocsConfig {
  readonly folder: string;
  /** By path, in reading order. */
  readonly nav: ReadonlyMap<string, NavEntry>;
  /** The address of a page's editor, where the file says one. */
  readonly editUrlOf: (path: string) => string | undefined;
}

export const NO_CONFIG: DocsConfig = { folder: "docs", nav: new Map(), editUrlOf: () => undefined };

/** Reads `mkdocs.yml`, also one with tags of Python in it. A broken one costs the order of the pages, not the pages. */
export function readMkdocsConfig(text: string): DocsConfig {
  const config = parseLeniently(text);
  if (!isRecord(config)) return NO_CONFIG;
  const nav = new Map<string, NavEntry>();
  collect(config.nav, undefined, [], nav);
  return { folder: typeof config.docs_dir === "string" ? config.docs_dir : "docs", nav, editUrlOf: editorOf(config) };
}

function parseLeniently(text: string): unknown {
  try {
    return parse(text, { logLevel: "silent", uniqueKeys: false, maxAliasCount: 100 }) as unknown;
  } catch {
    return undefined;
  }
}

const DEEPEST = 10;

function collect(nav: unknown, title: string | undefined, section: readonly string[], into: Map<string, NavEntry>): void {
  if (section.length > DEEPEST) return;
  if (typeof nav === "string") {
    if (!/^[a-z]+:/i.test(nav)) into.set(posix.normalize(nav), { title, section });
  } else if (Array.isArray(nav)) {
    const inside = title === undefined ? section : [...section, title];
    for (const item of nav) collect(item, undefined, inside, into);
  } else if (isRecord(nav)) {
    for (const [name, item] of Object.entries(nav)) collect(item, name, section, into);
  }
}

/** `edit_uri` is relative to `repo_url`; without it, the two large hosts have one of their own. */
function editorOf({ repo_url, edit_uri }: Record<string, unknown>): DocsConfig["editUrlOf"] {
  if (typeof repo_url !== "string" || edit_uri === "" || !/^https?:\/\//.test(repo_url)) return () => undefined;
  const known = /gitlab/.test(repo_url) ? "-/edit/HEAD/docs/" : /github/.test(repo_url) ? "edit/HEAD/docs/" : undefined;
  const way = typeof edit_uri === "string" ? edit_uri : known;
  if (way === undefined) return () => undefined;
  const base = `${repo_url.replace(/\/+$/, "")}/`;
  return (path) => URL.parse(`${way.replace(/\/*$/, "/")}${path}`, base)?.href;
}
