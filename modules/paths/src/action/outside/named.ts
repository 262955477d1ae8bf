import { InvalidError, UnavailableError } from "@roadbed/core";
import { z } from "zod";

import type { Outside } from "../../deps.ts";
import { defineAction, type Action, type ActionContext } from "../action.ts";
import { createHostClient, type HostClient } from "./host-client.ts";

/** A system that an administrator gave a name: `roadbed connection save`. */
export interface NamedConnection {
  readonly name: string;
  readonly url: string;
  /** Sent with every question. */
  readonly headers: Readonly<Record<string, string>>;
  /** Signs what is sent, where there is one. */
  readonly signingSecret?: string | undefined;
}

export interface NamedConnections {
  get(name: string): Promise<NamedConnection | undefined>;
}

export interface NamedDeps {
  readonly outside: Outside | undefined;
  readonly connections: NamedConnections;
}

/** A client of a named system. Throws `InvalidError` when nobody named it. */
export async function clientOf(
  c: Pick<ActionContext, "log" | "signal">,
  { outside, connections }: NamedDeps,
  name: string,
): Promise<{ readonly ask: HostClient; readonly connection: NamedConnection }> {
  if (outside === undefined) throw new UnavailableError("This server talks to no other host.");
  const connection = await connections.get(name);
  if (connection === undefined) throw new InvalidError(`There is no connection ${name}.`, { mend: mendOf(name) });
  const { url: base, headers } = connection;
  return {
    connection,
    ask: createHostClient(c, { fetch: outside.fetch, system: new URL(base).host, base: base.replace(/\/+$/, ""), headers }),
  };
}

export async function missingNamed({ connections }: NamedDeps, name: string): Promise<{ about: string; reason: string; mend: string }[]> {
  const known = await connections.get(name);
  return known === undefined ? [{ about: name, reason: `there is no connection ${name}`, mend: mendOf(name) }] : [];
}

function mendOf(name: string): string {
  return `An administrator makes it: roadbed connection save ${name} --address https://…`;
}

/** A question to a named system, as Roadie's action asks one of a Backstage proxy: `/api/proxy/NAME/rest`. */
export function makeHttpRequest(deps: NamedDeps): Action {
  return defineAction({
    id: "http:backstage:request",
    description: "Asks a named system over HTTP: /api/proxy/NAME/rest of the address goes to the connection NAME.",
    input: z.object({
      method: z
        .string()
        .transform((method) => method.toUpperCase())
        .pipe(z.enum(["GET", "HEAD", "OPTIONS", "POST", "UPDATE", "DELETE", "PUT", "PATCH"])),
      path: z.string().min(1),
      headers: z.record(z.string(), z.string()).default({}),
      params: z.record(z.string(), z.coerce.string()).default({}),
      body: z.unknown().optional(),
      logRequestPath: z.boolean().default(true),
      continueOnBadResponse: z.boolean().default(false),
      timeout: z.number().optional(),
    }),
    output: z.object({ code: z.number(), headers: z.record(z.string(), z.string()), body: z.unknown() }),
    examples: [{ description: "Ask a build server", input: { method: "POST", path: "/api/proxy/builds/start", body: { name: "orders" } } }],
    reach: "outside",
    async describe(_c, { method, path }) {
      const { name, rest } = partsOf(path);
      return {
        words: `Sends ${method} ${rest} to ${name}.`,
        output: { code: 200, headers: {}, body: {} },
        problems: await missingNamed(deps, name),
      };
    },
    async run(c, { method, path, headers, params, body, continueOnBadResponse, logRequestPath }) {
      const { name, rest } = partsOf(path);
      const { ask } = await clientOf(c, deps, name);
      const query = new URLSearchParams(params).toString();
      if (logRequestPath) await c.log("info", `${method} ${rest} of ${name}.`);
      const accept = continueOnBadResponse ? Array.from({ length: 200 }, (_, index) => 400 + index) : [];
      const found = await ask(method as "GET", `${rest}${query === "" ? "" : `${rest.includes("?") ? "&" : "?"}${query}`}`, {
        headers,
        body,
        accept,
      });
      return { code: found.status, headers: Object.fromEntries(found.headers), body: found.body ?? {} };
    },
  });
}

function partsOf(path: string): { name: string; rest: string } {
  const [, name, rest = ""] = /^\/?(?:api\/)?proxy\/([a-zA-Z0-9._-]+)(\/.*)?$/.exec(path) ?? [];
  if (/(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i.test(rest.split("?")[0] ?? "")) throw new InvalidError(`"${path}" leads out of the connection.`);
  if (name !== undefined) return { name, rest: rest === "" ? "/" : rest };
  throw new InvalidError(`"${path}" leads to no named system.`, {
    mend: "Write it as /api/proxy/NAME/…, where NAME is a connection that an administrator made.",
  });
}

/** A project and an application in Argo CD, as Roadie's action makes them. */
export function makeArgocdCreate(deps: NamedDeps): Action {
  return defineAction({
    id: "argocd:create-resources",
    description: "Makes a project and an application in Argo CD.",
    input: z.object({
      appName: z.string().min(1),
      argoInstance: z.string().min(1).describe("Name of the connection to Argo CD"),
      namespace: z.string().min(1),
      repoUrl: z.string().min(1),
      path: z.string().min(1),
      labelValue: z.string().optional(),
      projectName: z.string().optional(),
      clusterServer: z.string().default("https://kubernetes.default.svc"),
    }),
    output: z.object({ applicationUrl: z.string() }),
    examples: [
      {
        description: "An application from a folder of manifests",
        input: {
          appName: "orders",
          argoInstance: "argocd",
          namespace: "orders",
          repoUrl: "https://github.com/acme/orders",
          path: "k8s",
          labelValue: "orders",
        },
      },
    ],
    reach: "outside",
    async describe(_c, input) {
      return {
        words: `Makes the application ${input.appName} in Argo CD (${input.argoInstance}): ${input.path} of ${input.repoUrl} into ${input.namespace}.`,
        resources: [{ kind: "Application", name: input.appName, summary: `into ${input.namespace}` }],
        output: { applicationUrl: `https://argocd/applications/${input.appName}` },
        problems: await missingNamed(deps, input.argoInstance),
      };
    },
    async run(c, input) {
      const { ask, connection } = await clientOf(c, deps, input.argoInstance);
      const project = input.projectName ?? input.appName;
      await ensure(ask, "/api/v1/projects", {
        project: {
          metadata: { name: project },
          spec: { destinations: [{ server: input.clusterServer, namespace: input.namespace, name: "*" }], sourceRepos: [input.repoUrl] },
        },
      });
      await ensure(ask, "/api/v1/applications", {
        metadata: {
          name: input.appName,
          ...(input.labelValue === undefined ? {} : { labels: { "backstage-name": input.labelValue } }),
          finalizers: ["resources-finalizer.argocd.argoproj.io"],
        },
        spec: {
          project,
          source: { repoURL: input.repoUrl, path: input.path },
          destination: { server: input.clusterServer, namespace: input.namespace },
          syncPolicy: { automated: { prune: true, selfHeal: true }, syncOptions: ["CreateNamespace=false"] },
        },
      });
      await c.log("info", `Argo CD follows ${input.path} of ${input.repoUrl} as ${input.appName}.`);
      return { applicationUrl: `${connection.url.replace(/\/+$/, "")}/applications/${input.appName}` };
    },
  });
}

/** Argo CD says 403 for what is not there, unless the account may see all. What is there the same is taken by `upsert`. */
async function ensure(ask: HostClient, make: string, body: object): Promise<void> {
  await ask("POST", `${make}?upsert=true`, { body: make.endsWith("projects") ? { ...body, upsert: true } : body, repeatable: true });
}
