import type { Ctx, Handler } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import { makeDeleteKind } from "./delete-kind.ts";
import { makeGetKind } from "./get-kind.ts";
import { makeListKinds } from "./list-kinds.ts";
import { makeSaveKind } from "./save-kind.ts";
import { makeTestKind } from "./test-kind.ts";

/** Everything about kinds. `rereadFaulty` looks again at the sources in which something was wrong. */
export function makeKindHandlers(catalogue: Catalogue, rereadFaulty: (ctx: Ctx) => Promise<void>): Handler[] {
  return [
    makeListKinds(catalogue),
    makeGetKind(catalogue),
    makeTestKind(catalogue),
    makeSaveKind(catalogue, rereadFaulty),
    makeDeleteKind(catalogue),
  ];
}
