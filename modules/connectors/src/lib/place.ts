import type { Entity } from "@roadbed/contracts/catalog";
import type { ConnectorCall, Found, Reading } from "@roadbed/contracts/connector";

import { toEntityName } from "./names.ts";

/** Something of another system that belongs to what the catalogue describes already. */
export interface Thing {
  readonly name: string;
  readonly location: string;
  /** Whether this value of that annotation means it. */
  readonly fits: (annotation: string, value: string) => boolean;
  /** The value that always means it, of the first annotation: what is described later is found at once. */
  readonly id: string;
}

export interface Placing<T extends Thing> {
  /** What it is called in problems, e.g. `PagerDuty service`. */
  readonly what: string;
  /** The first is the one that people are told to write. */
  readonly annotations: readonly [string, ...string[]];
  readonly namespace: string;
  readonly byName: boolean;
  readonly tellUnplaced: boolean;
  /** What it adds to an entity; several when one value means several. */
  readonly adds: (things: readonly T[]) => { readonly metadata?: Partial<Entity["metadata"]>; readonly spec?: Entity["spec"] };
}

/**
 * Finds the entities that are meant: by annotation, else a component of the same name that carries none of the annotations. What is
 * not found is told, with the annotation to write; it takes nothing away and is found when it is written.
 */
export async function* placeThings<T extends Thing>(
  call: Pick<ConnectorCall, "find">,
  things: readonly T[],
  o: Placing<T>,
): AsyncGenerator<Reading> {
  const annotated = await call.find({ annotations: o.annotations });
  const values = valuesOf(annotated, o.annotations);
  const placed = new Set<T>();
  const meant = new Map<string, { readonly annotation: string; readonly value: string; readonly things: T[] }>();
  const mean = (thing: T, annotation: string, value: string): void => {
    const one = meant.get(`${annotation}=${value}`) ?? { annotation, value, things: [] };
    if (!one.things.includes(thing)) one.things.push(thing);
    meant.set(`${annotation}=${value}`, one);
  };
  for (const thing of things) {
    mean(thing, o.annotations[0], thing.id);
    for (const { annotation, value } of values) {
      if (!thing.fits(annotation, value)) continue;
      mean(thing, annotation, value);
      placed.add(thing);
    }
  }
  for (const { annotation, value, things: some } of meant.values()) {
    yield { ...enrich(o, "unnamed", some), match: { annotation, value } };
  }
  const rest = things.filter((thing) => !placed.has(thing));
  const named = o.byName && rest.length > 0 ? await findByName(call, rest, o) : new Map<string, readonly T[]>();
  for (const [name, some] of named) yield { ...enrich(o, name, some), confidence: 0.7, rule: `the ${o.what} is called the same` };
  const found = new Set([...named.values()].flat());
  for (const thing of o.tellUnplaced ? rest.filter((one) => !found.has(one)) : []) {
    yield {
      type: "problem",
      at: `${o.what} "${thing.name}"`,
      reason: "belongs to nothing in the catalogue",
      mend: `Write the annotation ${o.annotations[0]}: "${thing.id}" into the descriptor of what it is about.`,
    };
  }
}

function enrich<T extends Thing>(o: Placing<T>, name: string, things: readonly T[]): Extract<Reading, { type: "entity" }> {
  const { metadata, spec } = o.adds(things);
  const entity: Entity = {
    apiVersion: "backstage.io/v1alpha1",
    kind: "Component",
    metadata: { name, namespace: o.namespace, ...metadata },
    ...(spec ? { spec } : {}),
  };
  return { type: "entity", mode: "enrich", entity, location: things[0]!.location };
}

function valuesOf(found: readonly Found[], names: readonly string[]): readonly { readonly annotation: string; readonly value: string }[] {
  const values = new Map<string, { annotation: string; value: string }>();
  for (const { annotations } of found) {
    for (const annotation of names) {
      const value = annotations[annotation];
      if (value !== undefined) values.set(`${annotation}=${value}`, { annotation, value });
    }
  }
  return [...values.values()];
}

async function findByName<T extends Thing>(
  call: Pick<ConnectorCall, "find">,
  things: readonly T[],
  o: Placing<T>,
): Promise<Map<string, readonly T[]>> {
  const byName = Map.groupBy(things, ({ name }) => toEntityName(name).toLowerCase());
  const refOf = (name: string): string => `component:${o.namespace}/${name}`;
  const found = await call.find({ refs: [...byName.keys()].map(refOf) });
  // What names another thing does not mean this one, whatever it is called.
  const free = new Set(
    found.filter(({ annotations }) => o.annotations.every((name) => annotations[name] === undefined)).map(({ ref }) => ref),
  );
  return new Map([...byName].filter(([name]) => free.has(refOf(name))));
}
