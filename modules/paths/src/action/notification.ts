import { formatRef, parseRef } from "@roadbed/contracts/catalog";
import { NoticeSeverity, noticeSent } from "@roadbed/contracts/paths/notices";
import { InvalidError } from "@roadbed/core";
import { z } from "zod";

import type { Catalog } from "../deps.ts";
import { defineAction, type Action, type ActionContext } from "./action.ts";

const Input = z.object({
  recipients: z.enum(["broadcast", "entity"]),
  entityRefs: z.array(z.string().min(1).max(300)).max(50).default([]),
  title: z.string().trim().min(1).max(200),
  info: z.string().max(2_000).optional(),
  link: z.string().max(1_000).optional(),
  severity: NoticeSeverity.default("normal"),
  scope: z.string().optional(),
  topic: z.string().optional(),
  optional: z.boolean().default(false),
});
type Input = z.output<typeof Input>;

/** Tells teams and people in their inbox, and by the channels that they chose; of a thing, its owners. */
export function makeNotificationSend(catalog: Pick<Catalog, "get" | "ownersOf">): Action {
  return defineAction({
    id: "notification:send",
    description: "Tells teams, people or the owners of things something, in their inbox and by their channels.",
    input: Input,
    examples: [
      {
        description: "A team is told",
        input: { recipients: "entity", entityRefs: ["group:default/platform"], title: "A service was made", link: "/catalogue" },
      },
    ],
    reach: "outside",
    async describe(c, input) {
      const refs = refsOf(input);
      const unknown = await c.read((ctx) =>
        Promise.all(refs.map(async (ref) => (ref !== c.user.ref && (await catalog.get(ctx, ref)) === undefined ? [ref] : []))),
      );
      return {
        words: input.recipients === "broadcast" ? "Tells everybody." : `Tells ${refs.join(", ") || "nobody"}: ${input.title}`,
        problems: input.optional
          ? []
          : [...broadcastProblem(input), ...unknown.flat().map((ref) => ({ about: ref, reason: `there is no ${ref} in the catalogue` }))],
      };
    },
    async run(c, input) {
      const [problem] = broadcastProblem(input);
      if (problem !== undefined && !input.optional) throw new InvalidError(`${problem.reason}.`, { mend: problem.mend });
      for (const ref of problem === undefined ? refsOf(input) : []) await tell(c, ref, input);
      return {};
    },
  });

  /** The event and the note that it was sent are one transaction: a step that begins again tells nobody twice. */
  async function tell(c: ActionContext, entityRef: string, { title, info, link, severity }: Input): Promise<void> {
    const told = await c.write(async (ctx) => {
      const { rowCount } = await ctx.sql.query(
        "insert into paths.step_note (run_id, key, name, value) values ($1, $2, $3, 'true') on conflict do nothing",
        [c.taskId, c.key, `told ${entityRef}`],
      );
      if (rowCount === 0) return undefined;
      const recipients = /^(group|user):/.test(entityRef) ? [entityRef] : [...((await catalog.ownersOf?.(ctx, entityRef)) ?? [])];
      const { actor } = c.call;
      const starter = entityRef === c.user.ref && actor.kind === "user" ? actor.id : undefined;
      ctx.emit(noticeSent, entityRef, {
        ...(starter === undefined ? {} : { starter }),
        runId: c.taskId,
        path: c.template.ref,
        entityRef,
        recipients,
        title,
        severity,
        ...(info === undefined ? {} : { info }),
        ...(link === undefined ? {} : { link }),
      });
      return recipients;
    });
    if (told !== undefined)
      await c.log(
        told.length === 0 ? "warn" : "info",
        told.length === 0 ? `Nobody owns ${entityRef}: nobody was told.` : `Told ${told.join(", ")}.`,
      );
  }
}

function refsOf({ entityRefs }: Input): string[] {
  return [...new Set(entityRefs.map((ref) => formatRef(parseRef(ref, { kind: "group" })).toLowerCase()))];
}

function broadcastProblem({ recipients }: Input): { about: string; reason: string; mend: string }[] {
  if (recipients !== "broadcast") return [];
  return [
    {
      about: "broadcast",
      reason: "a run tells named teams and people only, never everybody",
      mend: "Use recipients: entity with entityRefs, or publish an announcement.",
    },
  ];
}
