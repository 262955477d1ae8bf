import { InvalidError } from "@roadbed/core";
import { z } from "zod";

import type { Outside } from "../../deps.ts";
import type { Action } from "../action.ts";
import { THERE, unlessThere } from "../outside/take-back.ts";
import { setVariable } from "./project.ts";
import { makeProjectTokens } from "./project-tokens.ts";
import { Base, small } from "./small-action.ts";

/** The small actions on a project or group that is there: each may begin again and makes its thing once. */
export function makeSmallGitlabActions(outside: Outside | undefined): Action[] {
  return [
    ...makeProjectTokens(outside),
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
