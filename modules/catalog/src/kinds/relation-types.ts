import { RELATION_TYPES } from "../entity/relations.ts";

/**
 * The names of relations and their codes in this process. A way there has an even code, the way back the next odd one; codes of
 * names that are used no longer stay taken, because the graph may still hold them.
 */
export interface RelationTypes {
  /** Undefined when there is no such relation. */
  codeOf(type: string): number | undefined;
  /** By the name in lower case. */
  find(lower: string): number | undefined;
  typeOf(code: number): string;
  /** Names in use, built-in ones first. */
  readonly names: readonly string[];
}

/** Types of edges that the graph can tell apart, less those that traces tell; a pair of names is one. */
export const MAX_PAIRS = 250;

export function createRelationTypes(): RelationTypes & { use(pairs: readonly (readonly [type: string, inverse: string])[]): void } {
  const types: string[] = [...RELATION_TYPES];
  const pairs = new Map<string, number>();
  let codes = new Map<string, number>();
  let lower = new Map<string, number>();
  for (let code = 0; code < types.length; code += 2) pairs.set(`${types[code]} ${types[code + 1]}`, code);
  use([]);

  return {
    codeOf: (type) => codes.get(type),
    find: (name) => lower.get(name),
    typeOf: (code) => types[code]!,
    get names() {
      return [...codes.keys()];
    },
    use,
  };

  function use(wanted: readonly (readonly [string, string])[]): void {
    codes = new Map(RELATION_TYPES.map((type, code) => [type, code]));
    for (const [type, inverse] of wanted) {
      // The first to name a relation says what its inverse is.
      if (codes.has(type) || codes.has(inverse)) continue;
      const code = pairs.get(`${type} ${inverse}`) ?? turned(inverse, type) ?? allot(type, inverse);
      if (code === undefined) continue;
      codes.set(type, code);
      codes.set(inverse, code ^ 1);
    }
    lower = new Map([...codes].map(([type, code]) => [type.toLowerCase(), code]));
  }

  function turned(type: string, inverse: string): number | undefined {
    const code = pairs.get(`${type} ${inverse}`);
    return code === undefined ? undefined : code ^ 1;
  }

  function allot(type: string, inverse: string): number | undefined {
    if (types.length / 2 >= MAX_PAIRS) return undefined;
    const code = types.push(type, inverse) - 2;
    pairs.set(`${type} ${inverse}`, code);
    return code;
  }
}
