import { parseRef } from "@roadbed/contracts/catalog";

/** The filters beside Nunjucks' own, as Backstage's scaffolder names them. Each throws in words. */
export const filters: Readonly<Record<string, (...args: any[]) => unknown>> = {
  parseRepoUrl,
  parseEntityRef: (ref: unknown, defaults?: { defaultKind?: string; defaultNamespace?: string }) =>
    parseRef(text(ref, "parseEntityRef"), {
      ...(defaults?.defaultKind === undefined ? {} : { kind: defaults.defaultKind }),
      ...(defaults?.defaultNamespace === undefined ? {} : { namespace: defaults.defaultNamespace }),
    }),
  pick: (value: unknown, path: unknown) => pick(value, text(path, "pick")),
  projectSlug: (url: unknown) => {
    const { owner, repo } = parseRepoUrl(url);
    return owner === undefined ? repo : `${owner}/${repo}`;
  },
  jsonify: (value: unknown) => JSON.stringify(value),
};

export interface RepoUrl {
  readonly host: string;
  readonly repo: string;
  readonly owner?: string;
  readonly organization?: string;
  readonly workspace?: string;
  readonly project?: string;
}

/** Reads `host?owner=o&repo=r[&organization=][&workspace=][&project=]`, which RepoUrlPicker writes. */
export function parseRepoUrl(url: unknown): RepoUrl {
  const given = text(url, "parseRepoUrl");
  const parsed = URL.parse(`https://${given}`);
  const parts = Object.fromEntries(parsed?.searchParams ?? []);
  const repo = parts["repo"] ?? parts["project"];
  if (!parsed || repo === undefined || repo === "") throw new Error(`"${given}" does not name a repository as host?owner=…&repo=… does`);
  const optional = ["owner", "organization", "workspace", "project"].flatMap((name) =>
    parts[name] === undefined ? [] : [[name, parts[name]] as const],
  );
  return { host: parsed.host, repo, ...Object.fromEntries(optional) };
}

function pick(value: unknown, path: string): unknown {
  return path
    .split(/[.[\]]+/)
    .filter((part) => part !== "")
    .reduce<unknown>((found, part) => {
      if (typeof found !== "object" || found === null || !Object.hasOwn(found, part)) return undefined;
      return (found as Record<string, unknown>)[part];
    }, value);
}

function text(value: unknown, filter: string): string {
  if (typeof value === "string" && value !== "") return value;
  if (value instanceof String) return value.toString();
  throw new Error(`the filter ${filter} needs a text, and got ${value === undefined || value === "" ? "nothing" : JSON.stringify(value)}`);
}
