import { formatRef, type Entity } from "@roadbed/contracts/catalog";
import { saveEntity } from "@roadbed/contracts/catalog/kinds";
import { handle, InvalidError, NotFoundError, type Handler, type Sql } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import { seesDocument } from "../estate/visibility.ts";
import { registerEntity } from "./register-entity.ts";
import { isRecord } from "./validate-spec.ts";

/** Entities that calls saved belong to a source of this name. */
const SOURCE = "saved here";

/** One entity by form, command or call. What a file describes is changed in that file: it is named in the refusal. */
export function makeSaveEntity(catalogue: Catalogue): Handler {
  return handle(saveEntity, async (ctx, { entity }) => {
    if (entity["kind"] === "Kind") {
      throw new InvalidError("A kind is not saved as an entity.", {
        mend: "Use `roadbed kind save`: it says first what would become invalid.",
      });
    }
    const ref = refOf(entity);
    const there = ref === undefined ? undefined : await readStored(ctx.sql, ref);
    if (there && !(await seesDocument(catalogue, ctx, there))) throw new NotFoundError("entity", ref!, "Choose another name.");
    // What calls registered stays where it is.
    const source = there?.kind === "inline" ? there.target : SOURCE;
    return registerEntity(catalogue, ctx, { entity: entity as unknown as Entity, source });
  });
}

interface Stored {
  readonly entity: Entity;
  readonly sourceId: string;
  readonly kind: string;
  readonly target: string;
}

async function readStored(sql: Sql, ref: string): Promise<Stored | undefined> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `select e.document as entity, e.source_id as "sourceId", s.kind, s.target
     from catalog.entity e join catalog.source s on s.id = e.source_id where e.ref = $1`,
    [ref],
  );
  return rows[0] as unknown as Stored | undefined;
}

/** Undefined where the document is not right anyway. */
function refOf({ kind, metadata }: Record<string, unknown>): string | undefined {
  if (typeof kind !== "string" || !isRecord(metadata) || typeof metadata["name"] !== "string") return undefined;
  const { name, namespace } = metadata;
  return formatRef({ kind, namespace: typeof namespace === "string" ? namespace : "default", name });
}
