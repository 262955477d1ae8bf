import type { Measures, Runtimes, Things, Wanted } from "./things.ts";

/** Whom rules ask about things. Who does not run or measure anything is left out: then there is nothing of it. */
export interface SubjectPorts {
  readonly things: Pick<Things, "read">;
  readonly runtimes?: Runtimes | undefined;
  readonly measures?: Measures | undefined;
}

export type Subjects = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/** By thing all that rules see of it: what the catalogue knows, what runs of it, and what is measured of it. */
export async function readSubjects(
  { things, runtimes, measures }: SubjectPorts,
  { refs, wanted, now }: { readonly refs: readonly string[]; readonly wanted: Wanted; readonly now: Date },
): Promise<Subjects> {
  const subjects = await things.read(refs, wanted);
  const found = [...subjects.keys()];
  const [workloads, objectives] = await Promise.all([
    runtimes?.workloadsOf(found),
    wanted.objectives === true ? measures?.objectivesOf(found) : undefined,
  ]);
  return new Map(
    [...subjects].map(([ref, subject]) => [
      ref,
      { ...subject, workloads: workloads?.get(ref) ?? [], objectives: objectives?.get(ref) ?? [], now },
    ]),
  );
}
