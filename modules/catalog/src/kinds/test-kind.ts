import { testKind } from "@roadbed/contracts/catalog/kinds";
import { handle, type Handler } from "@roadbed/core";

import { isShown } from "../entity/get-entity.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo } from "../estate/visibility.ts";
import { givenKind } from "./given-kind.ts";
import { examineKind } from "./examine-kind.ts";

export function makeTestKind(catalogue: Catalogue): Handler {
  return handle(testKind, async (ctx, input) => {
    const given = givenKind(input);
    await catalogue.feed.fresh();
    const visible = await visibleTo(catalogue, ctx);
    const { kind: _, ...examined } = await examineKind(catalogue, ctx.sql, given, (ref) => isShown(catalogue, visible, ref));
    return { ...examined, document: given.document };
  });
}
