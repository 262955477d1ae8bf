/** Gives every distinct text a small number, and keeps the text once. */
export interface Interner {
  idOf(text: string): number;
  /** Undefined when the text was never interned. */
  find(text: string): number | undefined;
  textOf(id: number): string;
  readonly size: number;
}

export function createInterner(): Interner {
  const ids = new Map<string, number>();
  const texts: string[] = [];
  return {
    idOf: (text) => {
      let id = ids.get(text);
      if (id === undefined) ids.set(text, (id = texts.push(text) - 1));
      return id;
    },
    find: (text) => ids.get(text),
    textOf: (id) => texts[id]!,
    get size() {
      return texts.length;
    },
  };
}
