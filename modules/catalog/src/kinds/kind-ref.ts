/** A kind is an entity too: so it has a history, a source and a place in the search. */
export function kindRef(name: string): string {
  return `kind:default/${name.toLowerCase()}`;
}
