import { claimOf, order, type Claim, type Evidence } from "./confidence.ts";
import { isGeneric, nameFrom } from "./names.ts";
import { pick, STRAY, type Unit } from "./units.ts";

export const SYSTEM_BAR = 0.5;

/** The systems a unit may be part of, best first: by label, by the folder its repository lies in, by a repository of several. */
export function systemsOf(units: readonly Unit[]): ReadonlyMap<Unit, readonly Claim<string>[]> {
  const found = new Map<Unit, Map<string, Evidence[]>>();
  const add = (unit: Unit, name: string, evidence: Omit<Evidence, "repository">): void => {
    if (isGeneric(name)) return;
    const claims = found.get(unit) ?? new Map<string, Evidence[]>();
    claims.set(name, [...(claims.get(name) ?? []), { ...evidence, repository: unit.repository.key }]);
    found.set(unit, claims);
  };
  const inGroup = count(
    units,
    ({ repository }) => repository.group,
    ({ repository }) => repository.key,
  );
  const inRepository = count(
    units,
    ({ repository }) => repository.key,
    ({ key }) => key,
  );
  for (const unit of units) {
    for (const { labels, file, line, kind, name } of unit.workloads) {
      const whole = labels["app.kubernetes.io/part-of"] ?? labels["backstage.io/system"];
      if (whole === undefined) continue;
      add(unit, nameFrom(whole), { file, line, says: `${kind} ${name} is labelled as part of ${whole}`, group: "label", weight: 0.8 });
    }
    const { group, name, key } = unit.repository;
    if (group !== "" && (inGroup.get(group) ?? 0) > 1) {
      add(unit, nameFrom(group), {
        file: "",
        line: 1,
        says: `${inGroup.get(group)} repositories lie in the folder ${group}`,
        group: "folder",
        weight: 0.55,
      });
    }
    if (!unit.key.startsWith(STRAY) && (inRepository.get(key) ?? 0) > 1) {
      const says = `${inRepository.get(key)} components are built in the repository ${name}`;
      add(unit, nameFrom(name), { file: "", line: 1, says, group: "repository", weight: 0.55 });
      const [composed] = unit.composes;
      if (composed && pick(unit.repository, "compose").filter(({ build }) => build !== undefined).length > 1) {
        add(unit, nameFrom(name), {
          file: composed.file,
          line: composed.line,
          says: `${composed.file} runs them together`,
          group: "compose",
          weight: 0.3,
        });
      }
    }
  }
  return new Map(
    [...found].map(([unit, claims]) => [
      unit,
      [...claims]
        .map(([name, evidence]) => claimOf(`system:default/${name}`, evidence))
        .sort((a, b) => b.confidence - a.confidence || order(a.value, b.value)),
    ]),
  );
}

function count(units: readonly Unit[], groupOf: (unit: Unit) => string, thingOf: (unit: Unit) => string): Map<string, number> {
  const things = new Map<string, Set<string>>();
  for (const unit of units) things.set(groupOf(unit), (things.get(groupOf(unit)) ?? new Set()).add(thingOf(unit)));
  return new Map([...things].map(([group, { size }]) => [group, size]));
}
