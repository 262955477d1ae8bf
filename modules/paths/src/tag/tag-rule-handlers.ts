import { deleteTagRule, listTagRules, saveTagRule, type TagRule } from "@roadbed/contracts/paths/tag-rules";
import { encodeCursor, formatActor, handle, InvalidError, readCursor, UnavailableError, type Ctx, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { PathsDeps } from "../deps.ts";
import type { Library } from "../template/library.ts";
import { readTagRules, removeTagRule, writeTagRule, type TagRuleRow } from "./tag-rule-store.ts";
import { tagsOf } from "./without-tags.ts";

/** `library`: with all parts of every path, of which only names are told. */
export function makeTagRuleHandlers({ library, conditions }: Pick<PathsDeps, "conditions"> & { readonly library: Library }): Handler[] {
  return [
    handle(listTagRules, async (ctx, { limit, cursor }) => {
      const used = await usedTags(library, ctx);
      const rules = new Map((await readTagRules(ctx.sql)).map((rule) => [rule.tag, rule]));
      const after = readCursor(z.string(), cursor) ?? "";
      const tags = [...new Set([...used.keys(), ...rules.keys()])].filter((tag) => tag > after).sort();
      const items = tags.slice(0, limit).map((tag) => viewOf(tag, rules.get(tag), used));
      return { items, ...(tags.length > limit ? { nextCursor: encodeCursor(items.at(-1)?.tag ?? "") } : {}) };
    }),
    handle(saveTagRule, async (ctx, { tag, when, because }) => {
      await refuseUnusable(conditions, when);
      const rule = { tag, when, because: because ?? null, actor: formatActor(ctx.actor), at: ctx.now() };
      await writeTagRule(ctx.sql, rule);
      return viewOf(tag, rule, await usedTags(library, ctx));
    }),
    handle(deleteTagRule, async ({ sql }, { tag }) => ({ deleted: await removeTagRule(sql, tag) })),
  ];
}

async function usedTags(library: Library, ctx: Ctx): Promise<Map<string, string[]>> {
  const used = new Map<string, string[]>();
  for (const { name, entity } of await library.list(ctx)) {
    const { parameters, steps } = tagsOf(entity);
    for (const tag of new Set([...parameters, ...steps])) used.set(tag, [...(used.get(tag) ?? []), name]);
  }
  return used;
}

/** A rule that cannot be asked would hide everything from everybody: it is tried on an invented caller before it is kept. */
async function refuseUnusable(conditions: PathsDeps["conditions"], when: string): Promise<void> {
  if (conditions?.evaluate === undefined) throw new UnavailableError("This server evaluates no conditions.");
  const variables = {
    actor: { id: "user:1", kind: "user", ref: "user:default/ada", groups: ["group:default/platform"] },
    path: { ref: "template:default/node-service", name: "node-service", type: "service", owner: "group:default/platform" },
    part: "steps",
  };
  const answer = await conditions.evaluate(when, variables);
  if (typeof answer === "boolean") return;
  throw new InvalidError("when is neither true nor false.", {
    problems: [{ at: "when", reason: `gives ${JSON.stringify(answer)}`, mend: `Write e.g. 'group:default/platform' in actor.groups` }],
  });
}

function viewOf(tag: string, rule: TagRuleRow | undefined, used: ReadonlyMap<string, string[]>): TagRule {
  return {
    tag,
    paths: used.get(tag) ?? [],
    ...(rule === undefined ? {} : { when: rule.when, actor: rule.actor, at: rule.at.toISOString() }),
    ...(rule === undefined || rule.because === null ? {} : { because: rule.because }),
  };
}
