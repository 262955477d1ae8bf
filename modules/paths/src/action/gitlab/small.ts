import { InvalidError } from "@roadbed/core";
import { z } from "zod";

import type { Outside } from "../../deps.ts";
import { defineAction, type Action, type ActionContext, type Output, type Undone } from "../action.ts";
import { connect, missingConnection, type Place } from "../outside/connect.ts";
import { THERE, UNKNOWN, unlessThere } from "../outside/take-back.ts";
import { setVariable } from "./project.ts";

const Base = { repoUrl: z.string().min(1), token: z.string().optional() };

/** The small actions on a project or group that is there: each may begin again and makes its thing once. */
export function makeSmallGitlabActions(outside: Outside | undefined): Action[] {
  return [
    small(outside, {
      id: "gitlab:projectVariable:create",
      description: "Sets a CI variable of a project at GitLab.",
      input: z.object({
        ...Base,
        projectId: z.union([z.string(), z.number()]),
        key: z.string().min(1),
        value: z.string(),
        variableType: z.enum(["env_var", "file"]).default("env_var"),
        variableProtected: z.boolean().default(false),
        masked: z.boolean().default(false),
        raw: z.boolean().default(false),
        environmentScope: z.string().default("*"),
      }),
      example: { projectId: "1", key: "REGION", value: "eu" },
      words: ({ key, projectId }) => `Sets the variable ${key} of the project ${projectId}.`,
      expects: () => ({}),
      async run(c, { ask }, input) {
        const { key, value, masked, raw } = input;
        await c.once(THERE, async () => (await ask("GET", variableAt(input), { accept: [404] })).status !== 404);
        await setVariable(ask, encodeURIComponent(String(input.projectId)), {
          key,
          value,
          masked,
          raw,
          variable_type: input.variableType,
          protected: input.variableProtected,
          environment_scope: input.environmentScope,
        });
        return {};
      },
      undo: (c, { ask }, input) =>
        unlessThere(c, `The variable ${input.key} of the project ${input.projectId}`, async () => {
          await ask("DELETE", variableAt(input), { accept: [404], repeatable: true });
        }),
    }),
    small(outside, {
      id: "gitlab:group:ensureExists",
      description: "Makes a group at GitLab, with those above it, unless it is there.",
      input: z.object({
        ...Base,
        path: z.array(z.union([z.string(), z.object({ name: z.string(), slug: z.string() })])).min(1),
      }),
      output: z.object({ groupId: z.number() }),
      example: { path: ["acme", "shop"] },
      words: ({ path }) => `Makes the group ${path.map(slugOf).join("/")} unless it is there.`,
      expects: () => ({ groupId: 0 }),
      async run(_c, { ask }, { path }) {
        let parent: number | undefined;
        for (const [index, part] of path.entries()) {
          const full = path
            .slice(0, index + 1)
            .map(slugOf)
            .join("/");
          const { status, body } = await ask("GET", `/groups/${encodeURIComponent(full)}`, { accept: [404] });
          const group =
            status === 404
              ? (
                  await ask("POST", "/groups", {
                    body: { name: nameOf(part), path: slugOf(part), ...(parent === undefined ? {} : { parent_id: parent }) },
                  })
                ).body
              : body;
          parent = Number(group.id);
        }
        return { groupId: parent };
      },
      undo: async (_c, _place, { path }) => ({
        done: false,
        words: `The group ${path.map(slugOf).join("/")} stays: others may have put projects into it. Remove it at GitLab if it is empty.`,
      }),
    }),
    small(outside, {
      id: "gitlab:issues:create",
      description: "Opens an issue at GitLab.",
      input: z.object({
        ...Base,
        projectId: z.union([z.string(), z.number()]),
        title: z.string().min(1),
        description: z.string().default(""),
        labels: z.string().optional(),
        assignees: z.array(z.number()).optional(),
        confidential: z.boolean().default(false),
      }),
      output: z.object({ issueUrl: z.string(), issueId: z.number(), issueIid: z.number() }),
      example: { projectId: 1, title: "Set up on-call" },
      words: ({ title, projectId }) => `Opens the issue "${title}" in the project ${projectId}.`,
      expects: () => ({ issueUrl: "https://gitlab.com/issues/0", issueId: 0, issueIid: 0 }),
      async run(c, { ask }, { projectId, title, description, labels, assignees, confidential }) {
        const at = `/projects/${encodeURIComponent(String(projectId))}/issues`;
        const mark = `<!-- roadbed:${c.key} -->`;
        const since = await c.once("issue", async () => new Date(Date.now() - 300_000).toISOString());
        const issues = (await ask("GET", `${at}?created_after=${since}&per_page=100`)).body as any[];
        const body = { title, description: `${description}\n\n${mark}`.trim(), labels, assignee_ids: assignees, confidential };
        const issue = issues.find((one) => String(one.description).includes(mark)) ?? (await ask("POST", at, { body })).body;
        return { issueUrl: String(issue.web_url), issueId: Number(issue.id), issueIid: Number(issue.iid) };
      },
      async undo(_c, { ask }, { projectId }, { issueIid: number }) {
        if (typeof number !== "number")
          return { done: false, words: `Which issue of the project ${projectId} it opened cannot be told any more.` };
        const at = `/projects/${encodeURIComponent(String(projectId))}/issues/${number}`;
        await ask("PUT", at, { body: { state_event: "close" }, accept: [404], repeatable: true });
        return { done: true, words: `Issue ${number} of the project ${projectId} is closed.` };
      },
    }),
    small(outside, {
      id: "gitlab:pipeline:trigger",
      description: "Starts a pipeline at GitLab.",
      input: z.object({
        ...Base,
        projectId: z.union([z.string(), z.number()]),
        tokenDescription: z.string().optional(),
        branch: z.string().min(1),
        variables: z.record(z.string(), z.string()).default({}),
      }),
      output: z.object({ pipelineUrl: z.string() }),
      example: { projectId: 1, branch: "main" },
      words: ({ projectId, branch }) => `Starts a pipeline of the project ${projectId} on ${branch}.`,
      expects: () => ({ pipelineUrl: "https://gitlab.com/pipelines/0" }),
      async run(c, { ask }, { projectId, branch, variables }) {
        const at = `/projects/${encodeURIComponent(String(projectId))}`;
        const list = async (): Promise<any[]> =>
          (await ask("GET", `${at}/pipelines?ref=${encodeURIComponent(branch)}&source=api&per_page=50`)).body as any[];
        const before = await c.once("before", async () => (await list()).map(({ id }) => Number(id)));
        const begun = (await list()).filter(({ id }) => !before.includes(Number(id))).at(-1);
        const body = { ref: branch, variables: Object.entries(variables).map(([key, value]) => ({ key, value })) };
        const pipeline = begun ?? (await ask("POST", `${at}/pipeline`, { body })).body;
        if (typeof pipeline?.web_url !== "string") throw new InvalidError("GitLab started no pipeline.");
        return { pipelineUrl: pipeline.web_url };
      },
    }),
  ];
}

function variableAt({ projectId, key, environmentScope }: { projectId: string | number; key: string; environmentScope: string }): string {
  const at = `/projects/${encodeURIComponent(String(projectId))}/variables/${encodeURIComponent(key)}`;
  return `${at}?${new URLSearchParams({ "filter[environment_scope]": environmentScope }).toString()}`;
}

function slugOf(part: string | { readonly slug: string }): string {
  return typeof part === "string" ? part : part.slug;
}

function nameOf(part: string | { readonly name: string }): string {
  return typeof part === "string" ? part : part.name;
}

interface Small<S extends z.ZodType> {
  readonly id: string;
  readonly description: string;
  readonly input: S;
  readonly output?: z.ZodType;
  readonly example: Readonly<Record<string, unknown>>;
  readonly words: (input: z.output<S>) => string;
  readonly expects: () => Output;
  readonly run: (c: ActionContext, place: Place, input: z.output<S>) => Promise<Output>;
  readonly undo?: (c: ActionContext, place: Place, input: z.output<S>, output: Output) => Promise<Undone>;
}

function small<S extends z.ZodType<{ readonly repoUrl: string; readonly token?: string | undefined }>>(
  outside: Outside | undefined,
  { id, description, input: schema, output, example, words, expects, run, undo }: Small<S>,
): Action {
  // The host is all that is meant: Backstage's own examples leave the owner out.
  const whole = <I extends { readonly repoUrl: string; readonly token?: string | undefined }>(input: I) => {
    const [host = "", query = ""] = input.repoUrl.split("?");
    const params = new URLSearchParams(query);
    return { repoUrl: `${host}?owner=${params.get("owner") ?? "-"}&repo=${params.get("repo") ?? "-"}`, token: input.token };
  };
  const takeBack: Pick<Action<z.output<S>>, "undo"> = undo === undefined
    ? {}
    : {
        undo: async (c, { input, output: made }) =>
          input === undefined ? UNKNOWN : undo(c, await connect(c, outside, "gitlab", whole(input)), input, made),
      };
  return defineAction<S>({
    id,
    description,
    input: schema,
    ...(output === undefined ? {} : { output }),
    examples: [{ description, input: { repoUrl: "gitlab.com?owner=acme&repo=orders", ...example } }],
    reach: "outside",
    async describe(_c, input) {
      return { words: words(input), output: expects(), problems: await missingConnection(outside, "gitlab", whole(input)) };
    },
    run: async (c, input) => run(c, await connect(c, outside, "gitlab", whole(input)), input),
    ...takeBack,
  });
}
