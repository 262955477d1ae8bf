import type { Repository } from "../finding.ts";
import { claimOf, order, type Claim, type Evidence } from "./confidence.ts";
import type { Draft } from "./draft.ts";
import { nameFrom, teamKey } from "./names.ts";
import { isBot, type People } from "./owners.ts";
import { pick } from "./units.ts";

/** Teams that are named as owners and are not in the catalogue: drafts of groups. */
export function groupDrafts(owners: readonly (readonly Claim<string>[])[], known: ReadonlySet<string>): Draft[] {
  const found = new Map<string, Evidence[]>();
  for (const claim of owners.flat()) {
    if (!claim.value.startsWith("group:") || known.has(claim.value)) continue;
    const name = claim.value.split("/")[1]!;
    if (teamKey(name) === "") continue;
    const list = found.get(claim.value) ?? [];
    for (const one of claim.evidence) list.push({ ...one, weight: one.group === "CODEOWNERS" ? 0.7 : 0.6 });
    found.set(claim.value, list);
  }
  return [...found]
    .sort(([a], [b]) => order(a, b))
    .map(([ref, evidence]) => {
      const repositories = new Set(evidence.map(({ repository }) => repository));
      const [first] = evidence;
      if (repositories.size > 1)
        evidence.push({ ...first!, says: `${repositories.size} repositories name it`, group: "repositories", weight: 0.4 });
      const name = ref.split("/")[1]!;
      return draftOf(`group|${ref}`, ref, evidence, {
        apiVersion: "backstage.io/v1alpha1",
        kind: "Group",
        metadata: { name, namespace: "default" },
        spec: { type: "team", children: [] },
      });
    });
}

const MOST_PEOPLE = 2_000;

/** People who commit and are not in the catalogue: drafts of users. */
export function userDrafts(repositories: readonly Repository[], people: People): Draft[] {
  const found = new Map<string, { name: string; commits: number; evidence: Evidence[] }>();
  const maintained = new Map<string, Evidence>();
  for (const repository of repositories) {
    for (const { people: named, file } of pick(repository, "package"))
      for (const { email, line } of named)
        if (email !== undefined)
          maintained.set(email, {
            repository: repository.key,
            file,
            line,
            says: `${file} names ${email}`,
            group: "build file",
            weight: 0.3,
          });
    for (const { name, email, commits } of repository.authors) {
      if (isBot(name) || isBot(email) || people.userOf(`email:${email}`) !== undefined) continue;
      const known = found.get(email) ?? { name, commits: 0, evidence: [] };
      known.commits += commits;
      if (order(name, known.name) > 0) known.name = name;
      const weight = commits >= 20 ? 0.7 : commits >= 3 ? 0.5 : 0.2;
      known.evidence.push({
        repository: repository.key,
        file: ".git",
        line: 1,
        says: `${commits} recent commits in ${repository.name}`,
        group: "commits",
        weight,
      });
      found.set(email, known);
    }
  }
  return [...found]
    .sort(([a, one], [b, other]) => other.commits - one.commits || order(a, b))
    .slice(0, MOST_PEOPLE)
    .map(([email, { name, evidence }]) => {
      const [first] = evidence;
      const repositoriesOf = new Set(evidence.map(({ repository }) => repository));
      if (repositoriesOf.size > 1)
        evidence.push({ ...first!, says: `commits in ${repositoriesOf.size} repositories`, group: "repositories", weight: 0.4 });
      if (maintained.has(email)) evidence.push(maintained.get(email)!);
      const login = nameFrom(loginIn(email));
      return draftOf(`user|${email}`, `user:default/${login}`, evidence, {
        apiVersion: "backstage.io/v1alpha1",
        kind: "User",
        metadata: { name: login, namespace: "default" },
        spec: { profile: { displayName: name, email }, memberOf: [] },
      });
    })
    .filter(({ ref }) => ref !== "user:default/");
}

/** `12345+ada@users.noreply.github.com` is the account `ada`; of every other address what stands before the @. */
export function loginIn(email: string): string {
  const [, login] = /^(?:\d+\+)?([^@]+)@users\.noreply\./.exec(email) ?? [];
  return login ?? email.split("@")[0]!.replace(/\+.*$/, "");
}

function draftOf(key: string, ref: string, evidence: readonly Evidence[], entity: Draft["entity"]): Draft {
  const claim = claimOf(ref, evidence);
  return {
    key,
    action: "create",
    ref,
    entity,
    confidence: claim.confidence,
    evidence: claim.evidence,
    owners: [],
    owner: undefined,
    ownerNote: undefined,
    systems: [],
    relations: [],
    repository: "",
    dir: "",
  };
}
