import type { Entity } from "@roadbed/contracts/catalog";
import type { proposeFact } from "@roadbed/contracts/catalog/facts";
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
  readonly source_kind: string;
  readonly source_target: string;
}

/** Changes a field where it is written down: a commit where the catalogue can write, else a patch. */
export type Propose = (
  ctx: Ctx,
  o: { readonly ref: string; readonly property: string; readonly value: unknown },
) => Promise<OutputOf<typeof proposeFact>>;

/** What settles a finding of drift: the relation is stated, or no longer stated, or the finding is set aside with a reason. */
export function makeDriftActs(catalogue: Catalogue, propose: Propose): readonly Handler[] {
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
    const { file, patch, commit, note } = await propose(ctx, { ref: from, property: `spec.${field}`, value: spec[field] ?? null });
    const said = commit ? `Committed to ${commit.repository}, branch ${commit.branch}. ${note}` : note;
    return { applied: commit ? "commit" : "patch", said, file, patch };
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
    `select coalesce(e.base, e.document) as document, s.kind as source_kind, s.target as source_target
     from catalog.entity e join catalog.source s on s.id = e.source_id where e.ref = $1`,
    [ref],
  );
  if (!rows[0]) throw new NotFoundError("entity", ref, "List the entities to see what there is.");
  return rows[0] as unknown as Stated;
}

/** The field in which an entity of this kind states such a relation. */
function fieldFor(
  kinds: Kinds,
  { kind, spec }: Entity,
  type: string,
  ref: string,
): { field: string; single: boolean; defaultKind: string | undefined } {
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
