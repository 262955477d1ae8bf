import { deleteKind } from "@roadbed/contracts/catalog/kinds";
import { ConflictError, handle, InvalidError, NotFoundError, type Handler, type Problem, type Sql } from "@roadbed/core";

import { removeEntity } from "../entity/delete-entity.ts";
import { lockCatalog } from "../entity/entity-store.ts";
import { KINDS } from "../entity/kinds.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { toProblem } from "./examine-kind.ts";
import { kindRef } from "./kind-ref.ts";
import { kindsIn } from "./kinds-in.ts";
import type { Kinds } from "./registry.ts";

export function makeDeleteKind(catalogue: Catalogue): Handler {
  return handle(deleteKind, async (ctx, { name: given }) => {
    await lockCatalog(ctx.sql);
    const kinds = await kindsIn(ctx.sql, catalogue.kinds);
    const own = kinds.own(given);
    if (!own) {
      const builtIn = kinds.names.find((name) => name.toLowerCase() === given.toLowerCase());
      if (builtIn === undefined) throw new NotFoundError("kind", given, `The kinds are ${kinds.names.join(", ")}.`);
      throw new InvalidError(`${builtIn} is built in.`, {
        mend: "Only kinds of your own, and what was added to a built-in one, can be removed.",
      });
    }
    const uses = [...(own.isExtension ? [] : await usesByEntities(ctx.sql, own.name)), ...usesByKinds(kinds, own.name)];
    if (uses.length > 0) {
      const message = `${own.name} is in use: ${uses.map(({ reason }) => reason).join("; ")}.`;
      throw new ConflictError(message, { problems: uses, mend: "Remove what uses it first." });
    }
    await refuseFiles(ctx.sql, own.name);
    await removeEntity(catalogue.feed, ctx, kindRef(own.name));
    return { removed: own.name };
  });
}

async function usesByEntities(sql: Sql, name: string): Promise<Problem[]> {
  const { rows } = await sql.query<{ count: number; one: string | null }>(
    "select count(*)::int as count, min(ref) as one from catalog.entity where split_part(ref, ':', 1) = $1",
    [name.toLowerCase()],
  );
  const { count = 0, one } = rows[0] ?? {};
  if (count === 0) return [];
  return [{ at: one ?? "", reason: `${count} ${count === 1 ? "entity is" : "entities are"} of this kind, e.g. ${one ?? ""}` }];
}

/** Other kinds that would no longer be right, or that lead to it. */
function usesByKinds(kinds: Kinds, name: string): Problem[] {
  const others = kinds.owned.filter((kind) => kind.name !== name);
  const without = kinds.without(name);
  const lower = name.toLowerCase();
  return others.flatMap((kind): Problem[] => {
    const { relations = {}, rules = {} } = kind.document.spec;
    const leads =
      !Object.hasOwn(KINDS, name) &&
      [...Object.values(relations).flatMap(({ target = [] }) => target), ...Object.values(rules).map(({ target }) => target)].some(
        (target) => target.toLowerCase() === lower,
      );
    if (leads) return [{ at: kind.name, reason: `the kind ${kind.name} has relations that lead to it` }];
    const [fault] = without.compile(kind.document).faults;
    if (!fault) return [];
    const { at, reason } = toProblem(fault);
    return [{ at: `${kind.name} ${at}`, reason: `the kind ${kind.name} needs it (${at}: ${reason})` }];
  });
}

/** What a file says comes back at its next reading: it has to be taken out there. */
async function refuseFiles(sql: Sql, name: string): Promise<void> {
  const { rows } = await sql.query<{ source: string; location: string; kind: string }>(
    "select s.name as source, s.kind, e.location from catalog.entity e join catalog.source s on s.id = e.source_id where e.ref = $1",
    [kindRef(name)],
  );
  const [found] = rows;
  if (!found || found.kind === "inline") return;
  throw new ConflictError(`${name} is described by the source "${found.source}" (${found.location}).`, {
    mend: "Remove it from that file.",
  });
}
