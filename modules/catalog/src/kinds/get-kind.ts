import { getKind } from "@roadbed/contracts/catalog/kinds";
import { handle, NotFoundError, type Handler, type OutputOf } from "@roadbed/core";

import { formatCircle } from "../derived/order.ts";
import { formatPath } from "../entity/fault.ts";
import { KINDS } from "../entity/kinds.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo } from "../estate/visibility.ts";
import { formOf } from "./form.ts";
import { countKinds, kindRow } from "./kind-rows.ts";
import { kindRef } from "./kind-ref.ts";
import { wordsOf } from "./words.ts";

type View = OutputOf<typeof getKind>;

export function makeGetKind(catalogue: Catalogue): Handler {
  return handle(getKind, async (ctx, { name: given }) => {
    await catalogue.feed.fresh();
    const { kinds } = catalogue;
    const name = kinds.names.find((one) => one.toLowerCase() === given.toLowerCase());
    if (name === undefined) throw new NotFoundError("kind", given, `The kinds are ${kinds.names.join(", ")}.`);
    const own = kinds.own(name);
    const rule = kinds.ruleOf(name)!;
    const counts = countKinds(catalogue, await visibleTo(catalogue, ctx));
    const ref = own && kindRef(name);
    const { rows } = await ctx.sql.query<{ versions: number }>("select count(*)::int as versions from catalog.history where ref = $1", [
      kindRef(name),
    ]);
    return {
      ...kindRow(catalogue, counts, name),
      ...(own === undefined ? {} : { document: own.document as unknown as Record<string, unknown>, ref: ref! }),
      apiVersion: rule.apiVersions[0]!,
      form: formOf(rule, own),
      columns: own?.document.spec.columns ?? [],
      relationFields: relationsOf(catalogue, name),
      derivedProperties: Object.entries(own?.document.spec.derived ?? {}).map(([property, one]) => ({
        name: property,
        ...(one.title === undefined ? {} : { title: one.title }),
        ...wordsOf(one),
      })),
      ruleStates: catalogue.derived.ruleStates(name),
      versions: rows[0]?.versions ?? 0,
      problems: problemsOf(catalogue, name),
    };
  });
}

function relationsOf({ kinds }: Catalogue, name: string): View["relationFields"] {
  const fields = Object.entries(kinds.fieldsOf(name, undefined));
  return fields.flatMap(([field, { type, required, relation }]): View["relationFields"] => {
    const code = relation && kinds.relations.codeOf(relation.type);
    if (code === undefined) return [];
    const title = kinds.own(name)?.document.spec.relations?.[field]?.title;
    return [
      {
        field,
        type: relation!.type,
        inverse: kinds.relations.typeOf(code ^ 1),
        target: [...(relation!.targets ?? (relation!.defaultKind === undefined ? [] : [relation!.defaultKind]))],
        many: type === "refs" || type === "full-refs",
        required: required === true,
        ...(title === undefined ? {} : { title }),
        builtIn: Object.hasOwn(KINDS[name]?.spec ?? {}, field),
      },
    ];
  });
}

function problemsOf({ kinds }: Catalogue, name: string): View["problems"] {
  const own = kinds.own(name);
  if (!own) return [];
  const faults = own.problems.map(({ path, reason, mend }) => ({ at: formatPath(path), reason, ...(mend === undefined ? {} : { mend }) }));
  const circles = kinds.definitions.circles.filter((circle) => circle.some((one) => own.definitions.includes(one)));
  return [...faults, ...circles.map((circle) => ({ at: "spec.derived", reason: `goes in a circle: ${formatCircle(circle)}` }))];
}
