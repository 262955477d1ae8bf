import { z } from "zod";

import type { Outside } from "../../deps.ts";
import { defineAction, type Action, type ActionContext, type Output } from "../action.ts";
import { connect, missingConnection, pageOf, placeOf, type Place } from "../outside/connect.ts";
import { pathOf } from "./repository.ts";

const Base = { repoUrl: z.string().min(1), token: z.string().optional(), allowedHosts: z.array(z.string()).optional() };
const REPOSITORY = "github.com?owner=acme&repo=orders";

/** The small actions on a repository that is there: each may begin again and makes its thing once. */
export function makeSmallGithubActions(outside: Outside | undefined): Action[] {
  return [
    small(outside, {
      id: "github:webhook",
      description: "Makes a webhook of a repository at GitHub.",
      input: z.object({
        ...Base,
        webhookUrl: z.url(),
        webhookSecret: z.string().optional(),
        events: z.array(z.string()).default(["push"]),
        active: z.boolean().default(true),
        contentType: z.enum(["form", "json"]).default("form"),
        insecureSsl: z.boolean().default(false),
      }),
      example: { webhookUrl: "https://ci.example.org/hook", events: ["push"] },
      words: ({ webhookUrl, events }, name) => `Tells ${new URL(webhookUrl).host} of ${events.join(", ")} in ${name}.`,
      expects: () => ({}),
      async run(_c, place, input) {
        const hooks = (await place.ask("GET", `${pathOf(place)}/hooks?per_page=100`)).body as { config?: { url?: string } }[];
        if (hooks.some(({ config }) => config?.url === input.webhookUrl)) return {};
        const { webhookUrl: url, contentType: content_type, webhookSecret: secret, insecureSsl, events, active } = input;
        const config = { url, content_type, insecure_ssl: insecureSsl ? "1" : "0", ...(secret === undefined ? {} : { secret }) };
        await place.ask("POST", `${pathOf(place)}/hooks`, { body: { name: "web", config, events, active } });
        return {};
      },
    }),
    small(outside, {
      id: "github:issues:create",
      description: "Opens an issue at GitHub.",
      input: z.object({
        ...Base,
        title: z.string().min(1),
        body: z.string().default(""),
        assignees: z.array(z.string()).optional(),
        labels: z.array(z.string()).optional(),
        milestone: z.union([z.string(), z.number()]).optional(),
      }),
      output: z.object({ issueUrl: z.string(), issueNumber: z.number() }),
      example: { title: "Set up on-call", labels: ["platform"] },
      words: ({ title }, name) => `Opens the issue "${title}" in ${name}.`,
      expects: (page) => ({ issueUrl: `${page}/issues/0`, issueNumber: 0 }),
      async run(c, place, { title, body, assignees, labels, milestone }) {
        const mark = `<!-- roadbed:${c.key} -->`;
        const since = await c.once("issue", async () => new Date(Date.now() - 300_000).toISOString());
        const issues = (await place.ask("GET", `${pathOf(place)}/issues?state=all&per_page=100&since=${since}`)).body as any[];
        const known = issues.find((issue) => String(issue.body).includes(mark));
        const text = body === "" ? mark : `${body}\n\n${mark}`;
        const issue =
          known ?? (await place.ask("POST", `${pathOf(place)}/issues`, { body: { title, body: text, assignees, labels, milestone } })).body;
        await c.log("info", `Issue ${issue.number}: ${issue.html_url}`);
        return { issueUrl: String(issue.html_url), issueNumber: Number(issue.number) };
      },
    }),
    small(outside, {
      id: "github:issues:label",
      description: "Puts labels on an issue or pull request at GitHub.",
      input: z.object({ ...Base, number: z.coerce.number().int(), labels: z.array(z.string()).min(1) }),
      example: { number: 1, labels: ["bug"] },
      words: ({ number, labels }, name) => `Puts ${labels.join(", ")} on ${name}#${number}.`,
      expects: () => ({}),
      async run(_c, place, { number, labels }) {
        await place.ask("POST", `${pathOf(place)}/issues/${number}/labels`, { body: { labels }, repeatable: true });
        return {};
      },
    }),
    small(outside, {
      id: "github:environment:create",
      description: "Makes or changes an environment of a repository at GitHub.",
      input: z.object({
        ...Base,
        name: z.string().min(1),
        deploymentBranchPolicy: z.object({ protected_branches: z.boolean(), custom_branch_policies: z.boolean() }).optional(),
        customBranchPolicyNames: z.array(z.string()).default([]),
        customTagPolicyNames: z.array(z.string()).default([]),
        environmentVariables: z.record(z.string(), z.string()).default({}),
        waitTimer: z.number().int().min(0).max(43_200).optional(),
        preventSelfReview: z.boolean().optional(),
      }),
      example: { name: "production", waitTimer: 10 },
      words: ({ name: environment }, name) => `Makes the environment ${environment} of ${name}.`,
      expects: () => ({}),
      async run(_c, place, input) {
        const at = `${pathOf(place)}/environments/${encodeURIComponent(input.name)}`;
        await place.ask("PUT", at, {
          body: {
            deployment_branch_policy: input.deploymentBranchPolicy ?? null,
            ...(input.waitTimer === undefined ? {} : { wait_timer: input.waitTimer }),
            ...(input.preventSelfReview === undefined ? {} : { prevent_self_review: input.preventSelfReview }),
          },
        });
        const policies = [
          ...input.customBranchPolicyNames.map((name) => ({ name, type: "branch" })),
          ...input.customTagPolicyNames.map((name) => ({ name, type: "tag" })),
        ];
        for (const body of policies) await place.ask("POST", `${at}/deployment-branch-policies`, { body, accept: [303], repeatable: true });
        for (const [name, value] of Object.entries(input.environmentVariables)) {
          const { status } = await place.ask("POST", `${at}/variables`, { body: { name, value }, accept: [409] });
          if (status === 409) await place.ask("PATCH", `${at}/variables/${encodeURIComponent(name)}`, { body: { name, value } });
        }
        return {};
      },
    }),
    small(outside, {
      id: "github:pages:enable",
      description: "Switches on GitHub Pages for a repository.",
      input: z.object({
        ...Base,
        buildType: z.enum(["legacy", "workflow"]).default("workflow"),
        sourceBranch: z.string().default("main"),
        sourcePath: z.enum(["/", "/docs"]).default("/"),
      }),
      example: { buildType: "workflow" },
      words: (_input, name) => `Switches on GitHub Pages for ${name}.`,
      expects: () => ({}),
      async run(_c, place, { buildType, sourceBranch, sourcePath }) {
        const source = { branch: sourceBranch, path: sourcePath };
        // 409: they are on already.
        await place.ask("POST", `${pathOf(place)}/pages`, { body: { build_type: buildType, source }, accept: [409], repeatable: true });
        return {};
      },
    }),
    small(outside, {
      id: "github:autolinks:create",
      description: "Turns references like TICKET-1 into links in a repository at GitHub.",
      input: z.object({ ...Base, keyPrefix: z.string().min(1), urlTemplate: z.string().min(1), isAlphanumeric: z.boolean().default(true) }),
      example: { keyPrefix: "OPS-", urlTemplate: "https://tickets.example.org/<num>" },
      words: ({ keyPrefix }, name) => `Links ${keyPrefix}… in ${name}.`,
      expects: () => ({}),
      async run(_c, place, { keyPrefix, urlTemplate, isAlphanumeric }) {
        const known = (await place.ask("GET", `${pathOf(place)}/autolinks`)).body as { key_prefix?: string }[];
        if (known.some(({ key_prefix }) => key_prefix === keyPrefix)) return {};
        const body = { key_prefix: keyPrefix, url_template: urlTemplate, is_alphanumeric: isAlphanumeric };
        await place.ask("POST", `${pathOf(place)}/autolinks`, { body });
        return {};
      },
    }),
  ];
}

interface Small<S extends z.ZodType> {
  readonly id: string;
  readonly description: string;
  readonly input: S;
  readonly output?: z.ZodType;
  readonly example: Readonly<Record<string, unknown>>;
  readonly words: (input: z.output<S>, name: string) => string;
  readonly expects: (page: string) => Output;
  readonly run: (c: ActionContext, place: Place, input: z.output<S>) => Promise<Output>;
}

function small<S extends z.ZodType<{ readonly repoUrl: string; readonly token?: string | undefined }>>(
  outside: Outside | undefined,
  { id, description, input: schema, output, example, words, expects, run }: Small<S>,
): Action {
  return defineAction({
    id,
    description,
    input: schema,
    ...(output === undefined ? {} : { output }),
    examples: [{ description, input: { repoUrl: REPOSITORY, ...example } }],
    reach: "outside",
    async describe(_c, input) {
      const place = placeOf("github", input.repoUrl);
      return {
        words: words(input, `${place.owner}/${place.repo}`),
        output: expects(pageOf(place)),
        problems: await missingConnection(outside, "github", input),
      };
    },
    run: async (c, input) => run(c, await connect(c, outside, "github", input), input),
  });
}
