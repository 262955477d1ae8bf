import { z } from "zod";

import type { Outside } from "../../deps.ts";
import type { Action } from "../action.ts";
import type { Place } from "../outside/connect.ts";
import { THERE, unlessThere } from "../outside/take-back.ts";
import { makeGithubDeployKey } from "./deploy-key.ts";
import { makeGithubEnvironment } from "./environment.ts";
import { pathOf } from "./repository.ts";
import { Base, nameOf, small } from "./small-action.ts";

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
      async run(c, place, input) {
        const there = await c.once(THERE, async () => (await hookOf(place, input.webhookUrl)) !== undefined);
        if (there || (await hookOf(place, input.webhookUrl)) !== undefined) return {};
        const { webhookUrl: url, contentType: content_type, webhookSecret: secret, insecureSsl, events, active } = input;
        const config = { url, content_type, insecure_ssl: insecureSsl ? "1" : "0", ...(secret === undefined ? {} : { secret }) };
        await place.ask("POST", `${pathOf(place)}/hooks`, { body: { name: "web", config, events, active } });
        return {};
      },
      undo: (c, place, { webhookUrl }) =>
        unlessThere(c, `The webhook to ${new URL(webhookUrl).host} of ${nameOf(place)}`, async () => {
          const id = await hookOf(place, webhookUrl);
          if (id !== undefined) await place.ask("DELETE", `${pathOf(place)}/hooks/${id}`, { accept: [404], repeatable: true });
        }),
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
      async undo(_c, place, _input, { issueNumber: number }) {
        if (typeof number !== "number") return { done: false, words: `Which issue of ${nameOf(place)} it opened cannot be told any more.` };
        const body = { state: "closed", state_reason: "not_planned" };
        await place.ask("PATCH", `${pathOf(place)}/issues/${number}`, { body, accept: [404, 410], repeatable: true });
        return { done: true, words: `Issue ${number} of ${nameOf(place)} is closed.` };
      },
    }),
    small(outside, {
      id: "github:issues:label",
      description: "Puts labels on an issue or pull request at GitHub.",
      input: z.object({ ...Base, number: z.coerce.number().int(), labels: z.array(z.string()).min(1) }),
      example: { number: 1, labels: ["bug"] },
      words: ({ number, labels }, name) => `Puts ${labels.join(", ")} on ${name}#${number}.`,
      expects: () => ({}),
      async run(c, place, { number, labels }) {
        const at = `${pathOf(place)}/issues/${number}/labels`;
        await c.once("labels", async () => ((await place.ask("GET", at)).body as { name: string }[]).map(({ name }) => name));
        await place.ask("POST", at, { body: { labels }, repeatable: true });
        return {};
      },
      async undo(c, place, { number, labels }) {
        const before = await c.noted?.<string[]>("labels");
        const put = before === undefined ? [] : labels.filter((label) => !before.includes(label));
        const at = `${pathOf(place)}/issues/${number}/labels`;
        for (const label of put) await place.ask("DELETE", `${at}/${encodeURIComponent(label)}`, { accept: [404], repeatable: true });
        return { done: true, words: put.length === 0 ? "It had put on no label." : `${put.join(", ")} is off ${nameOf(place)}#${number}.` };
      },
    }),
    makeGithubEnvironment(outside),
    makeGithubDeployKey(outside),
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
      async run(c, place, { buildType, sourceBranch, sourcePath }) {
        await c.once(THERE, async () => (await place.ask("GET", `${pathOf(place)}/pages`, { accept: [404] })).status !== 404);
        const source = { branch: sourceBranch, path: sourcePath };
        // 409: they are on already.
        await place.ask("POST", `${pathOf(place)}/pages`, { body: { build_type: buildType, source }, accept: [409], repeatable: true });
        return {};
      },
      undo: (c, place) =>
        unlessThere(c, `GitHub Pages of ${nameOf(place)}`, async () => {
          await place.ask("DELETE", `${pathOf(place)}/pages`, { accept: [404], repeatable: true });
        }),
    }),
    small(outside, {
      id: "github:autolinks:create",
      description: "Turns references like TICKET-1 into links in a repository at GitHub.",
      input: z.object({ ...Base, keyPrefix: z.string().min(1), urlTemplate: z.string().min(1), isAlphanumeric: z.boolean().default(true) }),
      example: { keyPrefix: "OPS-", urlTemplate: "https://tickets.example.org/<num>" },
      words: ({ keyPrefix }, name) => `Links ${keyPrefix}… in ${name}.`,
      expects: () => ({}),
      async run(c, place, { keyPrefix, urlTemplate, isAlphanumeric }) {
        const there = await c.once(THERE, async () => (await autolinkOf(place, keyPrefix)) !== undefined);
        if (there || (await autolinkOf(place, keyPrefix)) !== undefined) return {};
        const body = { key_prefix: keyPrefix, url_template: urlTemplate, is_alphanumeric: isAlphanumeric };
        await place.ask("POST", `${pathOf(place)}/autolinks`, { body });
        return {};
      },
      undo: (c, place, { keyPrefix }) =>
        unlessThere(c, `The links ${keyPrefix}… in ${nameOf(place)}`, async () => {
          const id = await autolinkOf(place, keyPrefix);
          if (id !== undefined) await place.ask("DELETE", `${pathOf(place)}/autolinks/${id}`, { accept: [404], repeatable: true });
        }),
    }),
  ];
}

async function hookOf(place: Place, url: string): Promise<number | undefined> {
  const { body } = await place.ask("GET", `${pathOf(place)}/hooks?per_page=100`);
  return (body as { id: number; config?: { url?: string } }[]).find(({ config }) => config?.url === url)?.id;
}

async function autolinkOf(place: Place, prefix: string): Promise<number | undefined> {
  const { body } = await place.ask("GET", `${pathOf(place)}/autolinks`);
  return (body as { id: number; key_prefix?: string }[]).find(({ key_prefix }) => key_prefix === prefix)?.id;
}
