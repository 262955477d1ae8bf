import type { Entity } from "@roadbed/contracts/catalog";
import type { Given, NotGiven } from "@roadbed/contracts/catalog/ownership";
import type { Sql } from "@roadbed/core";

import { canonical } from "../entity/relations.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { readBases, type BaseRow } from "../facts/merge-entities.ts";
import { readOverlays, type OverlayRow } from "../facts/said.ts";
import type { Kinds } from "../kinds/registry.ts";
import { OWNED_BY } from "./ownership-view.ts";
import { titleOf } from "./words.ts";

/** One field of one thing that gets a new owner. */
export interface Gift extends Given {
  readonly value: unknown;
}

export interface Plan {
  readonly gifts: readonly Gift[];
  readonly notGiven: readonly NotGiven[];
}

interface Task {
  /** Absent where the owner is set, whoever it was. */
  readonly from?: string | undefined;
  readonly to: string;
  readonly refs: readonly string[];
  /** Undefined when the caller may give this one, else why not. */
  readonly refuse?: (ref: string) => Pick<NotGiven, "why" | "mend"> | undefined;
}

const BATCH = 1_000;

/** What an act would set, read from the database as it is on this connection: under the catalogue's lock it is what it will do. */
export async function planGifts({ estate, kinds }: Pick<Catalogue, "estate" | "kinds">, sql: Sql, task: Task): Promise<Plan> {
  const gifts: Gift[] = [];
  const notGiven: NotGiven[] = [];
  for (let start = 0; start < task.refs.length; start += BATCH) {
    const refs = task.refs.slice(start, start + BATCH);
    const rows = new Map((await readBases(sql, refs)).map((row) => [row.ref, row]));
    const overlays = new Map((await readOverlays(sql, refs)).map((row) => [`${row.ref} ${row.property}`, row]));
    const ours = await readOurs(sql, refs);
    for (const ref of refs) {
      const refused = refuse(ref, rows.get(ref), overlays, ours);
      if (refused) notGiven.push({ ref, title: titleOf(estate, ref), ...refused });
    }
  }
  return { gifts, notGiven };

  /** Puts what can be given among the gifts; answers why not, where nothing can. */
  function refuse(
    ref: string,
    row: BaseRow | undefined,
    overlays: ReadonlyMap<string, OverlayRow>,
    ours: ReadonlySet<string>,
  ): Pick<NotGiven, "why" | "mend"> | undefined {
    if (!row) return { why: "It is not in the catalogue any more.", mend: "There is nothing to do." };
    const forbidden = task.refuse?.(ref);
    if (forbidden) return forbidden;
    const entity = JSON.parse(row.json) as Entity;
    const changes = changesOf(kinds, entity, task);
    if (changes.length === 0) return task.from === undefined ? notSettable(kinds, entity, task.to) : otherwiseOwned(task.from);
    for (const { field, value } of changes) {
      const property = `spec.${field.replaceAll("\\", "\\\\").replaceAll(".", String.raw`\.`)}`;
      const overlay = overlays.get(`${ref} ${property}`);
      if (overlay?.locked === true && !ours.has(`${ref} ${property} ${overlay.at.getTime()}`)) {
        const because = overlay.reason === null ? "" : ` (${overlay.reason})`;
        return {
          why: `${overlay.actor} locked ${property}${because}.`,
          mend: `Unlock it first (catalog.fact.unlock), or change the descriptor.`,
        };
      }
      const says = row.base.spec?.[field] === undefined ? "catalogue" : "descriptor";
      gifts.push({ ref, kind: entity.kind, title: titleOf(estate, ref), property, says, value });
    }
    return undefined;
  }
}

/** The fields that name an owner, with what they are to say. */
function changesOf(kinds: Kinds, { kind, metadata, spec = {} }: Entity, { from, to }: Task): { field: string; value: unknown }[] {
  const fields = kinds.statingOf(kind).filter(({ code }) => code === OWNED_BY);
  const types = kinds.fieldsOf(kind, spec["type"]);
  if (from === undefined) {
    const field = fields[0]?.name;
    if (field === undefined) return [];
    const value = types[field]?.type.endsWith("refs") ? [to] : to;
    return JSON.stringify(spec[field]) === JSON.stringify(value) ? [] : [{ field, value }];
  }
  return fields.flatMap(({ name: field, defaultKind }): { field: string; value: unknown }[] => {
    const isFrom = (value: unknown): boolean => canonical(String(value), defaultKind, metadata.namespace ?? "default") === from;
    const value = spec[field];
    if (typeof value === "string") return isFrom(value) ? [{ field, value: to }] : [];
    if (!Array.isArray(value) || !value.some(isFrom)) return [];
    const others = value.filter((one) => canonical(String(one), defaultKind, metadata.namespace ?? "default") !== to);
    return [{ field, value: others.map((one: unknown) => (isFrom(one) ? to : one)) }];
  });
}

function notSettable(kinds: Kinds, { kind }: Entity, to: string): Pick<NotGiven, "why" | "mend"> {
  if (kinds.statingOf(kind).some(({ code }) => code === OWNED_BY))
    return { why: `${to} owns it already.`, mend: "There is nothing to do." };
  return { why: `The kind ${kind} has no field for an owner.`, mend: "Give the kind a relation ownedBy." };
}

function otherwiseOwned(from: string): Pick<NotGiven, "why" | "mend"> {
  return {
    why: `No field of its own names ${from} now: a rule or the other end says so, or it was given away a moment ago.`,
    mend: "Look at its relations; change the rule, or what states them.",
  };
}

/** Overlays that acts of ownership put there and that stand as they were put: these may be given on. */
async function readOurs(sql: Sql, refs: readonly string[]): Promise<Set<string>> {
  const { rows } = await sql.query<{ ref: string; property: string; at: Date }>(
    `select i.ref, i.property, h.at from catalog.hand_over_item i join catalog.hand_over h on h.id = i.hand_over
     where i.ref = any($1) and h.undone_at is null`,
    [refs],
  );
  return new Set(rows.map(({ ref, property, at }) => `${ref} ${property} ${at.getTime()}`));
}
