import { saveKind } from "@roadbed/contracts/catalog/kinds";
import type { Entity } from "@roadbed/contracts/catalog";
import { ConflictError, handle, InvalidError, type Ctx, type Handler, type Problem } from "@roadbed/core";

import { registerEntity } from "../entity/register-entity.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { lockCatalog } from "../entity/entity-store.ts";
import { examineKind } from "./examine-kind.ts";
import { givenKind } from "./given-kind.ts";
import { kindsIn } from "./kinds-in.ts";
import { kindRef } from "./kind-ref.ts";

/** Kinds that calls saved belong to a source of this name. */
const SOURCE = "kinds";

/** Saves a kind. `rereadFaulty` looks again at the sources in which something was wrong: it may be right now. */
export function makeSaveKind(catalogue: Catalogue, rereadFaulty: (ctx: Ctx) => Promise<void>): Handler {
  return handle(saveKind, async (ctx, { confirm, ...input }) => {
    const given = givenKind(input);
    // Two kinds that are right alone may close a circle together: one after the other.
    await lockCatalog(ctx.sql);
    const kinds = await kindsIn(ctx.sql, catalogue.kinds);
    const examined = await examineKind({ ...catalogue, kinds }, ctx.sql, given, () => true);
    if (!examined.kind) {
      throw new InvalidError(examined.problems.map(({ at, reason }) => `${at}: ${reason}`).join("; "), {
        problems: examined.problems as Problem[],
      });
    }
    const { count, items } = examined.invalid;
    if (count > 0 && !confirm) {
      throw new ConflictError(`${count} ${count === 1 ? "entity" : "entities"} of ${examined.kind.name} would become invalid.`, {
        problems: items.map(({ ref, at, reason }) => ({ at: `${ref} ${at}`, reason })),
        mend: "Mend them first, or confirm: they stay as they are until they are changed.",
      });
    }
    const { document, name } = examined.kind;
    const saved = await registerEntity(catalogue, ctx, { entity: document as unknown as Entity, source: SOURCE });
    if (saved.change !== "unchanged") await rereadFaulty(ctx);
    const change = saved.change === "registered" ? ("created" as const) : saved.change;
    return { name, ref: kindRef(name), change, invalid: count };
  });
}
