import { parseRef } from "@roadbed/contracts/catalog";
import { InvalidError } from "@roadbed/core";
import { z } from "zod";

import type { Outside } from "../../deps.ts";
import type { Action } from "../action.ts";
import type { Place } from "../outside/connect.ts";
import { THERE, unlessThere } from "../outside/take-back.ts";
import { pathOf } from "./repository.ts";
import { problemsOfSecrets, setSecrets } from "./secrets.ts";
import { Base, nameOf, small } from "./small-action.ts";

const Input = z.object({
  ...Base,
  name: z.string().min(1),
  deploymentBranchPolicy: z.object({ protected_branches: z.boolean(), custom_branch_policies: z.boolean() }).optional(),
  customBranchPolicyNames: z.array(z.string()).default([]),
  customTagPolicyNames: z.array(z.string()).default([]),
  environmentVariables: z.record(z.string(), z.string()).default({}),
  secrets: z.record(z.string(), z.string()).default({}).describe("Secrets of the environment, sealed before they leave"),
  waitTimer: z.number().int().min(0).max(43_200).optional(),
  preventSelfReview: z.boolean().optional(),
  reviewers: z.array(z.string()).default([]).describe("References of users and groups who are named at GitHub as in the catalogue"),
});

/** An environment of a repository, with its rules, variables and secrets. */
export function makeGithubEnvironment(outside: Outside | undefined): Action {
  return small(outside, {
    id: "github:environment:create",
    description: "Makes or changes an environment of a repository at GitHub.",
    input: Input,
    example: { name: "production", waitTimer: 10, secrets: { API_KEY: "${{ secrets.apiKey }}" } },
    words: ({ name, secrets }, repository) => {
      const names = Object.keys(secrets);
      return `Makes the environment ${name} of ${repository}${names.length === 0 ? "" : ` with the secrets ${names.join(", ")}`}.`;
    },
    problems: ({ secrets }) => problemsOfSecrets(secrets),
    expects: () => ({}),
    async run(c, place, input) {
      const at = environmentAt(place, input.name);
      await c.once(THERE, async () => (await place.ask("GET", at, { accept: [404] })).status !== 404);
      await place.ask("PUT", at, { body: await rulesOf(place, input) });
      const policies = [
        ...input.customBranchPolicyNames.map((name) => ({ name, type: "branch" })),
        ...input.customTagPolicyNames.map((name) => ({ name, type: "tag" })),
      ];
      for (const body of policies) await place.ask("POST", `${at}/deployment-branch-policies`, { body, accept: [303], repeatable: true });
      for (const [name, value] of Object.entries(input.environmentVariables)) {
        const { status } = await place.ask("POST", `${at}/variables`, { body: { name, value }, accept: [409] });
        if (status === 409) await place.ask("PATCH", `${at}/variables/${encodeURIComponent(name)}`, { body: { name, value } });
      }
      await setSecrets(place, at, input.secrets);
      return {};
    },
    undo: (c, place, { name }) =>
      unlessThere(c, `The environment ${name} of ${nameOf(place)}`, async () => {
        await place.ask("DELETE", environmentAt(place, name), { accept: [404], repeatable: true });
      }),
  });
}

async function rulesOf(place: Place, input: z.output<typeof Input>): Promise<Record<string, unknown>> {
  const reviewers: { type: "User" | "Team"; id: number }[] = [];
  for (const ref of input.reviewers) reviewers.push(await reviewerOf(place, ref));
  return {
    deployment_branch_policy: input.deploymentBranchPolicy ?? null,
    ...(input.waitTimer === undefined ? {} : { wait_timer: input.waitTimer }),
    ...(input.preventSelfReview === undefined ? {} : { prevent_self_review: input.preventSelfReview }),
    ...(reviewers.length === 0 ? {} : { reviewers }),
  };
}

async function reviewerOf({ ask, owner, host }: Place, ref: string): Promise<{ type: "User" | "Team"; id: number }> {
  const { kind, name } = parseRef(ref, { kind: "user", namespace: "default" });
  const login = encodeURIComponent(name);
  const team = kind.toLowerCase() === "group";
  const { status, body } = await ask("GET", team ? `/orgs/${encodeURIComponent(owner)}/teams/${login}` : `/users/${login}`, {
    accept: [404],
  });
  if (status !== 404 && typeof body?.id === "number") return { type: team ? "Team" : "User", id: body.id };
  throw new InvalidError(`${host} knows no ${team ? "team" : "user"} ${name}, who is to review.`, {
    mend: "Name somebody in reviewers who has the same name there.",
  });
}

function environmentAt(place: Place, name: string): string {
  return `${pathOf(place)}/environments/${encodeURIComponent(name)}`;
}
