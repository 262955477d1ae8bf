import { confirmFact, factConfirmed, lockFact, type Fact } from "@roadbed/contracts/catalog/facts";
import { ConflictError, formatActor, handle, type Ctx, type Handler } from "@roadbed/core";

import type { CatalogRuntime } from "../deps.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { readFact, requireEntity, requireProperty } from "./fact-access.ts";
import { formatProperty } from "./property.ts";
import { overlay } from "./set-fact.ts";

/** What stands for "nobody": a group that is not there, so that whoever looks for orphans finds what it owns. */
export const UNOWNED = "group:default/unowned";

/** The answer of a person to "is this still right?": it makes the fact new, or worthless until it is another one. */
export function makeConfirmFact(catalogue: Catalogue, runtime: CatalogRuntime): Handler {
  return handle(confirmFact, async (given, { ref, property: text, answer, value, clear, reason }) => {
    const ctx = reason === undefined ? given : { ...given, reason };
    const property = formatProperty(requireProperty(text));
    const visible = await requireEntity(catalogue, ctx, ref);
    const fact = await readFact(catalogue, ctx, visible, ref, property);
    if (fact.value === undefined) {
      throw new ConflictError(`${property} of ${ref} has no value that could be confirmed.`, { mend: "Set it first." });
    }
    await record(ctx, ref, fact, answer === "yes");
    const replacement = value ?? (clear ? emptyOf(property) : undefined);
    if (answer === "no" && replacement !== undefined) {
      // To say what it is instead asks for more than to say that it is wrong.
      await runtime.may(ctx, lockFact, { kind: "entity", id: ref });
      await overlay(
        catalogue,
        ctx,
        { ref, property, reason: reason ?? "the answer to a question was no" },
        { value: replacement, locked: true },
      );
    }
    const next = answer === "no" && replacement === undefined ? choicesFor(ref, property) : [];
    return { fact: await readFact(catalogue, ctx, visible, ref, property), next };
  });
}

async function record(ctx: Ctx, ref: string, { property, value }: Fact, correct: boolean): Promise<void> {
  const actor = formatActor(ctx.actor);
  await ctx.sql.query(
    "insert into catalog.confirmation (ref, property, value, correct, reason, actor, at) values ($1, $2, $3, $4, $5, $6, $7)",
    [ref, property, JSON.stringify(value), correct, ctx.reason ?? null, actor, ctx.now()],
  );
  await ctx.sql.query(
    "update catalog.question set answer = $3, answered_at = $4, answered_by = $5 where ref = $1 and property = $2 and answer is null",
    [ref, property, correct ? "yes" : "no", ctx.now(), actor],
  );
  ctx.emit(factConfirmed, ref, { ref, property, actor, correct });
}

/** An owner is asked for by most kinds: none is said by a name that belongs to nobody. */
function emptyOf(property: string): unknown {
  return property === "spec.owner" ? UNOWNED : null;
}

function choicesFor(ref: string, property: string): { label: string; operation: string; input: Record<string, unknown> }[] {
  const isOwner = property === "spec.owner";
  return [
    { label: isOwner ? "Name who owns it" : "Say what it is", operation: "catalog.fact.lock", input: { ref, property } },
    {
      label: isOwner ? "Nobody owns it" : "Take it away",
      operation: "catalog.fact.lock",
      input: { ref, property, value: emptyOf(property) },
    },
    { label: "Change it in the descriptor", operation: "catalog.fact.propose", input: { ref, property } },
  ];
}
