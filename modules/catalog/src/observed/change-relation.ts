import type { Entity } from "@roadbed/contracts/catalog";
import { declareRelation, dismissDrift, driftDismissed, withdrawRelation } from "@roadbed/contracts/catalog/graph";
import { formatActor, handle, InvalidError, NotFoundError, type Ctx, type Handler, type OutputOf } from "@roadbed/core";

import { canonical } from "../entity/relations.ts";
import { registerEntity } from "../entity/register-entity.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo } from "../estate/visibility.ts";
import type { Kinds } from "../kinds/registry.ts";

type Fixed = OutputOf<typeof declareRelation>;

interface Stated {
  readonly document: Entity;
  readonly location: string;
  readonly line: number | null;
  readonly source_kind: string;
  readonly source_target: string;
}

/** What settles a finding of drift: the relation is stated, or no longer stated, or the finding is set aside with a reason. */
export function makeDriftActs(catalogue: Catalogue): readonly Handler[] {
  const { estate, feed, kinds } = catalogue;
  return [
    handle(declareRelation, (ctx, { from, type, to }) => change(ctx, from, type, to, true)),
    handle(withdrawRelation, (ctx, { from, type, to }) => change(ctx, from, type, to, false)),
    handle(dismissDrift, async (ctx, { finding, from, type, to, reason, days }) => {
      await assertVisible(ctx, from);
      await assertVisible(ctx, to);
      const until = new Date(ctx.now().getTime() + days * 86_400_000);
      await ctx.sql.query(
        `insert into catalog.drift_dismissal (finding, from_ref, to_ref, type, reason, actor, at, until) values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (finding, from_ref, to_ref, type) do update
         set reason = excluded.reason, actor = excluded.actor, at = excluded.at, until = excluded.until`,
        [finding, from, to, type, reason, formatActor(ctx.actor), ctx.now(), until],
      );
      ctx.emit(driftDismissed, from, { finding, from, to, type, reason, until: until.toISOString() });
      return { until: until.toISOString() };
    }),
  ];

  async function change(ctx: Ctx, from: string, type: string, to: string, adds: boolean): Promise<Fixed> {
    await assertVisible(ctx, from);
    if (adds) await assertVisible(ctx, to);
    const stated = await readStated(ctx, from);
    const { field, single, defaultKind } = fieldFor(kinds, stated.document, type, from);
    const namespace = stated.document.metadata.namespace ?? "default";
    const value = stated.document.spec?.[field];
    const before = (Array.isArray(value) ? value : value === undefined ? [] : [value]).map(String);
    const states = (text: string): boolean => canonical(text, defaultKind, namespace) === to;
    if (adds && before.some(states)) throw new InvalidError(`${from} states already that it ${type} ${to}.`);
    if (!adds && !before.some(states)) {
      throw new InvalidError(`The descriptor of ${from} does not state that it ${type} ${to}.`, {
        mend: `Another descriptor does: look at ${to}.`,
        problems: [{ at: "from", reason: "does not state it" }],
      });
    }
    const after = adds ? [...(single ? [] : before), to] : before.filter((text) => !states(text));
    const spec = { ...stated.document.spec, [field]: single ? after[0] : after };
    if (after.length === 0) delete spec[field];
    if (stated.source_kind === "inline") {
      await registerEntity(catalogue, ctx, { entity: { ...stated.document, spec }, source: stated.source_target });
      return { applied: "entity", said: `${from} ${adds ? "now states" : "no longer states"} ${type} ${to}.` };
    }
    return patchFor(stated, field, before, after, single);
  }

  async function assertVisible(ctx: Ctx, ref: string): Promise<void> {
    await feed.fresh();
    const id = estate.idOf(ref);
    if (id === undefined || !(await visibleTo(catalogue, ctx)).sees(id))
      throw new NotFoundError("entity", ref, "List the entities to see what there is.");
  }
}

async function readStated(ctx: Ctx, ref: string): Promise<Stated> {
  const { rows } = await ctx.sql.query<Record<string, unknown>>(
    `select e.document, e.location, e.line, s.kind as source_kind, s.target as source_target
     from catalog.entity e join catalog.source s on s.id = e.source_id where e.ref = $1`,
    [ref],
  );
  if (!rows[0]) throw new NotFoundError("entity", ref, "List the entities to see what there is.");
  return rows[0] as unknown as Stated;
}

/** The field in which an entity of this kind states such a relation. */
function fieldFor(
  kinds: Kinds,
  { kind, spec }: Entity, type: string, ref: string): { field: string; single: boolean; defaultKind: string | undefined } {
  if (kinds.relations.codeOf(type) === undefined)
    throw new InvalidError(`There is no relation ${type}.`, { problems: [{ at: "type", reason: "is not known" }] });
  for (const [field, { type: shape, relation }] of Object.entries(kinds.fieldsOf(kind, spec?.["type"]))) {
    if (relation?.type === type) return { field, single: shape === "ref" || shape === "full-ref", defaultKind: relation.defaultKind };
  }
  throw new InvalidError(`A ${kind} cannot state ${type}.`, {
    mend: `State it from the other end, or as dependsOn.`,
    problems: [{ at: "type", reason: `${ref} has no field for it` }],
  });
}

/** The lines as they should read, for whoever keeps the descriptor. */
function patchFor({ location, line }: Stated, field: string, before: readonly string[], after: readonly string[], single: boolean): Fixed {
  const lines = (sign: string, values: readonly string[]): string[] => {
    if (values.length === 0) return [];
    return single ? [`${sign}  ${field}: ${values[0]}`] : [`${sign}  ${field}:`, ...values.map((value) => `${sign}    - ${value}`)];
  };
  return {
    applied: "patch",
    said: `Its descriptor is ${location}${line === null ? "" : `, line ${line}`}; write this into spec there.`,
    file: location,
    patch: [" spec:", ...lines("-", before), ...lines("+", after)].join("\n"),
  };
}
