import type { Catalogue } from "../estate/catalogue.ts";
import { createChooser, type Chooser } from "./choose.ts";
import type { FieldOrders, OrderField } from "./field-orders.ts";
import { createOrigins } from "./server-annotations.ts";
import { createServerFields } from "./server-fields.ts";
import { createTexts, type Texts } from "./texts.ts";

/** What answers questions about whole entities; one per process, because it remembers. */
export interface QueryEngine extends Chooser {
  readonly texts: Texts;
  readonly orders: FieldOrders;
}

export function createQueryEngine(catalogue: Catalogue): QueryEngine {
  const origins = createOrigins();
  const texts = createTexts(catalogue, origins);
  const chooser = createChooser(catalogue, { texts, server: createServerFields(catalogue, origins) });
  return { texts, orders: catalogue.fieldOrders, ...chooser };
}

/** What to sort by; without anything, by reference. The uid is nobody's order: instead of it, entities stand by reference too. */
export function orderBy(fields: readonly { readonly field: string; readonly descending: boolean }[]): readonly OrderField[] {
  const order = fields.map(({ field, descending }) => ({
    field: field
      .trim()
      .toLowerCase()
      .replace(/^metadata\.uid$/, ""),
    descending,
  }));
  return order.length === 0 ? BY_REFERENCE : order;
}

const BY_REFERENCE: readonly OrderField[] = [{ field: "", descending: false }];
