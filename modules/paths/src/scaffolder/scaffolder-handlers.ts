import { completeValue, listExtensions, readTemplate } from "@roadbed/contracts/paths/scaffolder";
import { handle, InvalidError, type Handler } from "@roadbed/core";

import { createHostClient, type HostClient } from "../action/outside/host-client.ts";
import type { Outside, PathsDeps } from "../deps.ts";
import type { LogBell } from "../run/run-log.ts";
import type { Library } from "../template/library.ts";
import { makeTaskHandlers } from "./tasks.ts";

export interface ScaffolderDeps extends Pick<PathsDeps, "catalog"> {
  readonly library: Library;
  readonly bell: LogBell;
  readonly outside?: Outside | undefined;
}

/** What the face of Backstage's scaffolder asks. */
export function makeScaffolderHandlers(deps: ScaffolderDeps): Handler[] {
  return [
    handle(readTemplate, async (ctx, { ref }) => {
      const { entity, title, description } = await deps.library.get(ctx, ref);
      const spec = (entity.spec ?? {}) as Record<string, any>;
      const pages: Record<string, any>[] = [spec["parameters"] ?? []].flat();
      const uiOptions = (entity.metadata as Record<string, unknown>)["ui:options"];
      const decorators = spec["formDecorators"] ?? spec["EXPERIMENTAL_formDecorators"];
      return {
        title,
        ...(description === undefined ? {} : { description }),
        ...(spec["presentation"] === undefined ? {} : { presentation: spec["presentation"] }),
        ...(uiOptions === undefined ? {} : { uiOptions: uiOptions as Record<string, unknown> }),
        ...(decorators === undefined ? {} : { formDecorators: decorators }),
        steps: pages.map((schema) => ({
          title: typeof schema["title"] === "string" ? schema["title"] : "Please enter the following information",
          ...(typeof schema["description"] === "string" ? { description: schema["description"] } : {}),
          // Who may see a page is decided here; the form is not told by which rule.
          schema: withoutPermissions(schema) as Record<string, unknown>,
        })),
      };
    }),
    handle(completeValue, async (ctx, { provider, resource, token, context }) => {
      const complete = RESOURCES[`${provider}/${resource}`];
      if (complete === undefined)
        throw new InvalidError(`Unsupported provider or resource: ${provider}/${resource}`, {
          mend: `There is: ${Object.keys(RESOURCES).join(", ")}`,
        });
      const system = provider === "gitlab" ? "gitlab" : "github";
      const host = context["host"] ?? (system === "github" ? "github.com" : "gitlab.com");
      const ask = await clientFor(deps.outside, { system, host, token, owner: context["owner"] }, ctx.signal);
      return { results: (await complete(ask, context)).slice(0, 1_000) };
    }),
    handle(listExtensions, async () => EXTENSIONS),
    ...makeTaskHandlers(deps),
  ];
}

function withoutPermissions(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPermissions);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => key !== "backstage:permissions");
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutPermissions(inner)]));
}

async function clientFor(
  outside: Outside | undefined,
  o: {
    readonly system: "github" | "gitlab";
    readonly host: string;
    readonly token: string | undefined;
    readonly owner: string | undefined;
  },
  signal: AbortSignal,
): Promise<HostClient> {
  const known = await outside?.connection({ system: o.system, host: o.host, owner: o.owner });
  const token = o.token === undefined || o.token === "" ? known?.token : o.token;
  if (outside === undefined || token === undefined) {
    throw new InvalidError(`There is no token for ${o.host}.`, {
      mend: "Give one, or have an administrator open a connection for golden paths.",
    });
  }
  const base =
    known?.api ??
    (o.system === "gitlab" ? `https://${o.host}/api/v4` : o.host === "github.com" ? "https://api.github.com" : `https://${o.host}/api/v3`);
  const headers: Record<string, string> = o.system === "gitlab" ? { "private-token": token } : { authorization: `Bearer ${token}` };
  return createHostClient({ signal, log: async () => {} }, { fetch: outside.fetch, system: o.host, base, headers });
}

type Complete = (ask: HostClient, context: Readonly<Record<string, string>>) => Promise<{ id: string; title?: string }[]>;

const RESOURCES: Readonly<Record<string, Complete>> = {
  "github/repositoriesWithOwner": async (ask) =>
    listOf((await ask("GET", "/user/repos?per_page=100&sort=pushed")).body).map((one) => ({ id: String(one["full_name"]) })),
  "github/branches": async (ask, context) => {
    const at = `/repos/${encodeURIComponent(needed(context, "owner"))}/${encodeURIComponent(needed(context, "repository", "repo"))}`;
    return listOf((await ask("GET", `${at}/branches?per_page=100`)).body).map((one) => ({ id: String(one["name"]) }));
  },
  "gitlab/groups": async (ask) =>
    listOf((await ask("GET", "/groups?per_page=100&min_access_level=30")).body).map((one) => ({
      id: String(one["id"]),
      title: String(one["full_path"]),
    })),
  "gitlab/repositories": async (ask, context) => {
    const group = encodeURIComponent(needed(context, "id", "owner"));
    return listOf((await ask("GET", `/groups/${group}/projects?per_page=100`)).body).map((one) => ({
      id: String(one["id"]),
      title: String(one["path"]),
    }));
  },
  "gitlab/branches": async (ask, context) => {
    const project = encodeURIComponent(`${needed(context, "owner")}/${needed(context, "repository", "repo")}`);
    return listOf((await ask("GET", `/projects/${project}/repository/branches?per_page=100`)).body).map((one) => ({
      id: String(one["name"]),
    }));
  },
};

function needed(context: Readonly<Record<string, string>>, ...names: readonly string[]): string {
  const value = names.map((name) => context[name]).find((one) => one !== undefined && one !== "");
  if (value !== undefined) return value;
  throw new InvalidError(`Missing ${names[0]} context parameter`);
}

function listOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter((one): one is Record<string, unknown> => typeof one === "object" && one !== null) : [];
}

const EXTENSIONS = {
  filters: {
    parseRepoUrl: {
      description: "Reads the place of a repository into an object with host, owner, repo and what else it names.",
      schema: { input: { type: "string" }, output: { type: "object", required: ["host", "repo"] } },
      examples: [{ example: "${{ 'github.com?owner=acme&repo=orders' | parseRepoUrl }}" }],
    },
    parseEntityRef: {
      description: "Reads a reference into an object with kind, namespace and name.",
      schema: {
        input: { type: "string" },
        arguments: [{ type: "object" }],
        output: { type: "object", required: ["kind", "namespace", "name"] },
      },
      examples: [{ example: "${{ 'group:default/web' | parseEntityRef | pick('name') }}" }],
    },
    pick: {
      description: "Takes a property of an object by its dotted path.",
      schema: { input: { type: "object" }, arguments: [{ type: "string" }], output: {} },
      examples: [{ example: "${{ parameters.repoUrl | parseRepoUrl | pick('owner') }}" }],
    },
    projectSlug: {
      description: "Writes the place of a repository as owner/repo.",
      schema: { input: { type: "string" }, output: { type: "string" } },
      examples: [{ example: "${{ parameters.repoUrl | projectSlug }}" }],
    },
    jsonify: {
      description: "Writes a value as JSON.",
      schema: { input: {}, output: { type: "string" } },
      examples: [{ example: "${{ parameters | jsonify }}" }],
    },
  },
  globals: {
    functions: {
      always: { description: "In `if`: the step is done whatever happened before.", examples: [{ example: "${{ always() }}" }] },
      failure: { description: "In `if`: true when an earlier step failed.", examples: [{ example: "${{ failure() }}" }] },
    },
    values: {},
  },
};
