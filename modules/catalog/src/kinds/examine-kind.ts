import type { testKind } from "@roadbed/contracts/catalog/kinds";
import type { OutputOf, Problem, Sql } from "@roadbed/core";

import type { GivenKind } from "./given-kind.ts";
import { diffFields } from "../entity/diff-fields.ts";
import { formatPath, type Fault } from "../entity/fault.ts";
import { validateEntity } from "../entity/validate-entity.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { breathe } from "../source/breathe.ts";
import type { OwnKind } from "./compile-kind.ts";

type Examined = OutputOf<typeof testKind>;
type Sees = (ref: string) => boolean;

/** Entities named one by one; all of them are counted. */
const MAX_NAMED = 50;
const BATCH = 500;

/** What a kind's document would mean for what is there: the same for the test and for saving. */
export async function examineKind(
  catalogue: Catalogue,
  sql: Sql,
  { document: given, lineOf }: GivenKind,
  sees: Sees,
): Promise<Examined & { readonly kind?: OwnKind }> {
  const { kind, faults } = catalogue.kinds.compile(given);
  const none = { entities: 0, invalid: { count: 0, items: [] }, rules: [], notes: [] };
  if (!kind)
    return {
      ok: false,
      change: "unchanged",
      problems: faults.map((fault) => ({ ...lined(lineOf(fault.path)), ...toProblem(fault) })),
      ...none,
    };
  const before = catalogue.kinds.own(kind.name);
  const same = before !== undefined && diffFields(plain(before), plain(kind)).length === 0;
  const { entities, invalid } = await checkEntities(catalogue, sql, kind, sees);
  return {
    ok: invalid.count === 0,
    name: kind.name,
    kind,
    change: before === undefined ? "created" : same ? "unchanged" : "changed",
    problems: [],
    notes: notesOf(catalogue, kind),
    entities,
    invalid,
    rules: same ? [] : await catalogue.derived.previewRules(kind),
  };
}

/** The document without what storing it adds. */
function plain({ document }: OwnKind): unknown {
  const { namespace: _, ...metadata } = document.metadata;
  return { ...document, metadata };
}

function lined(line: number | undefined): { readonly line?: number } {
  return line === undefined ? {} : { line };
}

export function toProblem({ path, reason, mend }: Fault): Problem {
  return { at: formatPath(path), reason, ...(mend === undefined ? {} : { mend }) };
}

/** Checks every entity of the kind as it would be checked from then on. */
async function checkEntities({ kinds }: Catalogue, sql: Sql, kind: OwnKind, sees: Sees): Promise<Pick<Examined, "entities" | "invalid">> {
  const would = kinds.with([kind]);
  const items: Examined["invalid"]["items"] = [];
  let [entities, count] = [0, 0];
  for (let last = ""; ;) {
    const { rows } = await sql.query<{ ref: string; document: unknown }>(
      `select ref, document from catalog.entity where split_part(ref, ':', 1) = $1 and ref > $2 order by ref limit ${BATCH}`,
      [kind.name.toLowerCase(), last],
    );
    for (const { ref, document } of rows) {
      await breathe();
      if (!sees(ref)) continue;
      entities++;
      const { faults } = validateEntity(document, would);
      if (faults.length === 0) continue;
      count++;
      if (items.length < MAX_NAMED) items.push({ ref, ...toProblem(faults[0]!) });
    }
    if (rows.length < BATCH) return { entities, invalid: { count, items } };
    last = rows.at(-1)!.ref;
  }
}

/** What may be meant so, but is more often a slip. */
function notesOf({ kinds }: Catalogue, kind: OwnKind): Examined["notes"] {
  const known = new Set([...kinds.names, kind.name].map((name) => name.toLowerCase()));
  const { relations = {}, rules = {} } = kind.document.spec;
  const named = [
    ...Object.entries(relations).map(([field, { target = [] }]) => ({ at: `spec.relations.${field}.target`, target })),
    ...Object.entries(rules).map(([name, { target }]) => ({ at: `spec.rules.${name}.target`, target: [target] })),
  ];
  return named.flatMap(({ at, target }) =>
    target
      .filter((one) => !known.has(one.toLowerCase()))
      .map((one) => ({ at, reason: `there is no kind ${one} yet`, mend: "Define it too, or correct the name." })),
  );
}
