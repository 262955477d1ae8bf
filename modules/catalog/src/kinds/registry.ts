import { formatCircle, orderDefinitions, type Links, type Ordered } from "../derived/order.ts";
import type { Expressions } from "../deps.ts";
import type { Fault } from "../entity/fault.ts";
import { fieldsOf, KINDS, type Field, type KindRule } from "../entity/kinds.ts";
import { RELATION_TYPES, type StatingField } from "../entity/relations.ts";
import { isRecord } from "../entity/validate-spec.ts";
import { createSchemaChecker } from "./check-schema.ts";
import { compileKind, type CompileTools, type OwnKind } from "./compile-kind.ts";
import { createRelationTypes, type RelationTypes } from "./relation-types.ts";

/** All kinds that there are at this moment, built in and stored, with the relations they bring. */
export interface Kinds {
  /** Grows with every change. */
  readonly version: number;
  /** As entities write them, sorted; the built-in ones first. */
  readonly names: readonly string[];
  readonly relations: RelationTypes;
  /** Undefined when there is no such kind; exact, capitals included. */
  ruleOf(kind: string): KindRule | undefined;
  /** Fields of `spec` with rules, with those that its `type` asks for. */
  fieldsOf(kind: string, type: unknown): Readonly<Record<string, Field>>;
  statingOf(kind: string): readonly StatingField[];
  /** What somebody defined, or added to a built-in kind; by name in any capitals. */
  own(kind: string): OwnKind | undefined;
  readonly owned: readonly OwnKind[];
  /** Derived properties and rules, each after what it reads; and the circles, which are left out. */
  readonly definitions: Ordered;
  readonly links: Links;
  /**
   * Checks a kind's document, also against the others, as if it took the place of the one with its name. `beside`: documents that
   * arrive together with it, whose relations it may use.
   */
  compile(document: unknown, beside?: readonly unknown[]): { readonly kind?: OwnKind; readonly faults: readonly Fault[] };
  /** The same kinds and these, for as long as something is looked at. */
  with(more: readonly OwnKind[]): Kinds;
  /** These documents instead of all that is stored now; for checking only: relations that are new have no code yet. */
  as(documents: readonly unknown[]): Kinds;
  /** The same kinds but for one. */
  without(name: string): Kinds;
}

export interface KindRegistry extends Kinds {
  /** Replaces all kinds that are stored. Answers the names (lower case) of those whose entities mean something else now. */
  set(documents: readonly unknown[]): readonly string[];
}

export function createKinds(cel?: Expressions): KindRegistry {
  const relations = createRelationTypes();
  const schemas = createSchemaChecker(cel && ((pattern) => cel.regExp(pattern)));
  let current = view([], 0);
  return {
    get version() {
      return current.version;
    },
    get names() {
      return current.names;
    },
    get owned() {
      return current.owned;
    },
    get definitions() {
      return current.definitions;
    },
    get links() {
      return current.links;
    },
    relations,
    ruleOf: (kind) => current.ruleOf(kind),
    fieldsOf: (kind, type) => current.fieldsOf(kind, type),
    statingOf: (kind) => current.statingOf(kind),
    own: (kind) => current.own(kind),
    compile: (document, beside) => current.compile(document, beside),
    with: (more) => current.with(more),
    as: (documents) => current.as(documents),
    without: (name) => current.without(name),
    set,
  };

  function set(documents: readonly unknown[]): readonly string[] {
    const before = new Map(current.owned.map((kind) => [kind.name.toLowerCase(), kind]));
    const kinds = compileStored(documents);
    relations.use(kinds.flatMap(({ pairs }) => pairs));
    current = view(kinds, current.version + 1);
    const after = new Map(kinds.map((kind) => [kind.name.toLowerCase(), kind]));
    return [...new Set([...before.keys(), ...after.keys()])].filter((name) => statesOther(before.get(name), after.get(name)));
  }

  /** As far as they can be used: what was right when it was stored may no longer fit beside the others. */
  function compileStored(documents: readonly unknown[]): OwnKind[] {
    const stated = pairsIn(documents);
    return documents.flatMap((document) => compileKind(document, { ...toolsFor([], stated), lenient: true }).kind ?? []);
  }

  function toolsFor(others: readonly OwnKind[], more: readonly (readonly [string, string])[] = []): CompileTools {
    const pairs = [...others.flatMap((kind) => kind.pairs), ...more];
    return {
      schemas,
      checkExpression: (expression, variables) => {
        if (!cel) return { reason: "expressions are not understood here" };
        const checked = cel.check(expression, Object.fromEntries(variables.map((name) => [name, "dyn" as const])));
        if (checked.ok) return undefined;
        const { reason, mend } = checked.fault;
        return { reason, ...(mend === undefined ? {} : { mend }) };
      },
      inverseOf: (type) => {
        const pair = pairs.find((one) => one.includes(type));
        return pair && (pair[0] === type ? pair[1] : pair[0]);
      },
    };
  }

  function view(owned: readonly OwnKind[], version: number): Kinds {
    const byName = new Map(owned.map((kind) => [kind.name, kind]));
    const byLower = new Map(owned.map((kind) => [kind.name.toLowerCase(), kind]));
    const stating = new Map<string, readonly StatingField[]>();
    const links = linksOf(owned);
    let definitions: Ordered | undefined;
    const own = (kind: string): OwnKind | undefined => byLower.get(kind.toLowerCase());
    const ruleOf = (kind: string): KindRule | undefined => byName.get(kind)?.rule ?? (Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined);
    const kinds: Kinds = {
      version,
      owned,
      relations,
      links,
      names: [
        ...Object.keys(KINDS),
        ...owned
          .filter(({ isExtension }) => !isExtension)
          .map(({ name }) => name)
          .sort(),
      ],
      ruleOf,
      fieldsOf: (kind, type) => fieldsOf(kind, type, ruleOf(kind)),
      statingOf: (kind) => {
        let fields = stating.get(kind);
        if (!fields) stating.set(kind, (fields = statingFields(ruleOf(kind), relations)));
        return fields;
      },
      own,
      get definitions() {
        return (definitions ??= orderDefinitions(
          owned.flatMap((kind) => kind.definitions),
          links,
        ));
      },
      compile: (document, beside = []) => {
        const others = owned.filter(({ name }) => name.toLowerCase() !== nameOf(document));
        const { kind, faults } = compileKind(document, toolsFor(others, pairsIn(beside.filter((one) => one !== document))));
        if (!kind) return { faults };
        const circles = circlesOf([...others, kind], kind);
        return circles.length > 0 ? { faults: circles } : { kind, faults };
      },
      with: (more) => {
        const names = new Set(more.map(({ name }) => name.toLowerCase()));
        return view([...owned.filter(({ name }) => !names.has(name.toLowerCase())), ...more], version);
      },
      as: (documents) => (documents.length === 0 && owned.length === 0 ? kinds : view(compileStored(documents), version)),
      without: (name) =>
        view(
          owned.filter((kind) => kind.name !== name),
          version,
        ),
    };
    return kinds;
  }
}

function nameOf(document: unknown): string | undefined {
  const { name } = (document as { metadata?: { name?: unknown } } | null)?.metadata ?? {};
  return typeof name === "string" ? name.toLowerCase() : undefined;
}

/** The relations that documents name with their inverses, read without checking anything else. */
function pairsIn(documents: readonly unknown[]): [string, string][] {
  return documents.flatMap((document) => {
    const spec = isRecord(document) && isRecord(document["spec"]) ? document["spec"] : {};
    const named = [spec["relations"], spec["rules"]].flatMap((some) => (isRecord(some) ? Object.values(some) : []));
    return named.flatMap((one): [string, string][] =>
      isRecord(one) && typeof one["type"] === "string" && typeof one["inverse"] === "string" && !BUILT_IN_INVERSE.has(one["type"])
        ? [[one["type"], one["inverse"]]]
        : [],
    );
  });
}

/** Circles that a kind would close, as faults of the definition where they begin. */
function circlesOf(all: readonly OwnKind[], kind: OwnKind): Fault[] {
  const { circles } = orderDefinitions(
    // Its own first, so that a circle is told from where it was written.
    [...kind.definitions, ...all.flatMap((one) => (one === kind ? [] : one.definitions))],
    linksOf(all),
  );
  return circles.flatMap((circle): Fault[] => {
    const own = circle.find((one) => kind.definitions.includes(one));
    if (!own) return [];
    const mend = "Take one of them out of it, or name the kind at the end of the relation, e.g. hasPart[Component].";
    return [
      {
        path: ["spec", own.sort === "rule" ? "rules" : "derived", own.name.replace(/^#.*\./, "")],
        reason: `goes in a circle: ${formatCircle(circle)}`,
        mend,
      },
    ];
  });
}

function statingFields(rule: KindRule | undefined, relations: RelationTypes): readonly StatingField[] {
  return Object.entries(rule?.spec ?? {}).flatMap(([name, { relation }]) => {
    const code = relation && relations.codeOf(relation.type);
    return code === undefined ? [] : [{ name, code, defaultKind: relation!.defaultKind }];
  });
}

/** True when the relations that its entities state may be others. */
function statesOther(before: OwnKind | undefined, after: OwnKind | undefined): boolean {
  const text = (kind: OwnKind | undefined): string => JSON.stringify([kind?.rule.spec, kind?.document.spec.relations]);
  return before !== after && text(before) !== text(after);
}

function linksOf(owned: readonly OwnKind[]): Links {
  const inverse = new Map<string, string>(
    owned.flatMap(({ pairs }) => pairs.flatMap(([type, back]) => [[type, back] as const, [back, type] as const])),
  );
  return {
    isSame: (type, other) => type === other || inverse.get(type) === other || BUILT_IN_INVERSE.get(type) === other,
    endsOf: (type) => {
      if (!inverse.has(type)) return undefined;
      const ends = new Set<string>();
      for (const { name, document } of owned) {
        const named = [...Object.values(document.spec.relations ?? {}), ...Object.values(document.spec.rules ?? {})];
        for (const relation of named) {
          if (relation.type === inverse.get(type)) ends.add(name.toLowerCase());
          if (relation.type !== type) continue;
          if (relation.target === undefined) return undefined;
          for (const kind of [relation.target].flat()) ends.add(kind.toLowerCase());
        }
      }
      return [...ends];
    },
  };
}

const BUILT_IN_INVERSE: ReadonlyMap<string, string> = new Map(RELATION_TYPES.map((type, code) => [type, RELATION_TYPES[code ^ 1]!]));
