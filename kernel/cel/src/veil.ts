import type { Veil, Way } from "./program.ts";
import { Unknown } from "./unknown.ts";
import { convertNumbers } from "./values.ts";

type Values = Readonly<Record<string, unknown>>;

/** The two sides of a binding: what is evaluated, and what texts may be made of. */
export interface Veiled {
  readonly values: Values;
  readonly shown: Values;
}

/** What stands in a text where a secret value would. */
export const SECRET = "(sensitive)";

/** Puts unknown values where they belong, and makes the copy in which no secret stands. The binding is ours to change. */
export function veil(binding: Values, { unknown = [], secret = [] }: Veil): Veiled {
  const copy = structuredClone(binding);
  for (const way of secret) put(copy, way, () => SECRET, false);
  const sides = [convertNumbers(binding), convertNumbers(copy)] as [Values, Values];
  for (const side of sides) for (const way of unknown) put(side, way, () => new Unknown(nameOfWay(way)), true);
  return { values: sides[0], shown: sides[1] };
}

/** `object.values.tags.owner`, `object.values.ingress[0].cidr`: as an expression would read it. */
export function nameOfWay(way: Way): string {
  return way.map((step, i) => (typeof step === "number" ? `[${step}]` : i === 0 ? step : `.${step}`)).join("");
}

/** `make`: holders that are not there yet are made on the way. */
function put(root: object, way: Way, value: () => unknown, make: boolean): void {
  const last = way.at(-1);
  if (last === undefined) return;
  let holder = root as Record<string | number, unknown>;
  for (const [i, step] of way.slice(0, -1).entries()) {
    const next = Object.hasOwn(holder, step) ? holder[step] : undefined;
    if (next instanceof Unknown) return;
    if (typeof next !== "object" || next === null) {
      if (!make) return;
      set(holder, step, typeof way[i + 1] === "number" ? [] : {});
    }
    holder = holder[step] as Record<string | number, unknown>;
  }
  if (make || Object.hasOwn(holder, last)) set(holder, last, value());
}

function set(holder: Record<string | number, unknown>, key: string | number, value: unknown): void {
  if (Array.isArray(holder) && typeof key === "number") {
    if (key > LONGEST) return;
    while (holder.length < key) holder.push(null);
  }
  // Not by assignment: a key may be called __proto__.
  Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
}

const LONGEST = 100_000;
