/** A team and the teams above and below it. */
interface Nested {
  readonly ref: string;
  readonly parents: readonly string[];
  readonly children: readonly string[];
}

export interface Branch<T> {
  readonly team: T;
  readonly depth: number;
  /** A team below two others stands under both. */
  readonly key: string;
}

/** Rows of a tree in the order of reading. A circle is entered at its first team and left where it would begin again. */
export function treeOf<T extends Nested>(teams: readonly T[]): readonly Branch<T>[] {
  const byRef = new Map(teams.map((team) => [team.ref, team]));
  const rows: Branch<T>[] = [];
  const seen = new Set<string>();
  const put = (team: T, depth: number, above: readonly string[]): void => {
    const key = [...above, team.ref].join(" ");
    rows.push({ team, depth, key });
    seen.add(team.ref);
    for (const child of [...team.children].sort()) {
      const below = byRef.get(child);
      if (below && child !== team.ref && !above.includes(child)) put(below, depth + 1, [...above, team.ref]);
    }
  };
  for (const team of teams) if (!team.parents.some((parent) => byRef.has(parent))) put(team, 0, []);
  // What is left is only reached from circles.
  for (const team of teams) if (!seen.has(team.ref)) put(team, 0, []);
  return rows;
}
