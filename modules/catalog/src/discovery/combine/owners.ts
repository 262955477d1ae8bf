import { ruleFor } from "../analyse/codeowners.ts";
import type { Repository } from "../finding.ts";
import { claimOf, order, type Claim, type Evidence } from "./confidence.ts";
import type { Known, KnownEntity } from "./draft.ts";
import { nameFrom, teamKey } from "./names.ts";
import { pick, type Unit } from "./units.ts";

/** Below it no owner is named; between the best two there must be at least the margin. No owner is better than a wrong one. */
export const OWNER_BAR = 0.5;
const MARGIN = 0.15;

/** Who a handle, an e-mail or a team's name is, as far as the catalogue knows. */
export interface People {
  groupOf: (name: string) => { readonly ref: string; readonly known: boolean };
  userOf: (login: string) => string | undefined;
  groupsOf: (userRef: string) => readonly string[];
}

export function readPeople({ entities, identities }: Known): People {
  const groups = new Map<string, string>();
  const users = new Map<string, KnownEntity>();
  const byEmail = new Map<string, string>();
  for (const entity of [...entities].sort((a, b) => order(b.ref, a.ref))) {
    if (entity.kind === "user") {
      users.set(entity.ref, entity);
      if (entity.email !== undefined) byEmail.set(entity.email.toLowerCase(), entity.ref);
    }
    if (entity.kind !== "group") continue;
    for (const name of [entity.title, entity.ref.split("/")[1]])
      if (name !== undefined && teamKey(name) !== "") groups.set(teamKey(name), entity.ref);
  }
  return {
    groupOf: (name) => {
      const known = groups.get(teamKey(name));
      const bare = nameFrom(name.replace(/^@/, "").split("/").at(-1)!);
      return known === undefined ? { ref: `group:default/${bare}`, known: false } : { ref: known, known: true };
    },
    userOf: (login) => identities.get(login) ?? (login.startsWith("email:") ? byEmail.get(login.slice("email:".length)) : undefined),
    groupsOf: (userRef) => users.get(userRef)?.memberOf ?? [],
  };
}

const TEAM_LABELS = ["team", "owner", "owned-by", "squad", "app.kubernetes.io/team", "app.kubernetes.io/owner", "backstage.io/owner"];
const BOT =
  /\[bot\]|(?:^|[^a-z])(?:dependabot|renovate|greenkeeper|snyk|github-actions|jenkins|gitlab-ci|semantic-release|bot)(?:[^a-z]|$)/i;

export function isBot(name: string): boolean {
  return BOT.test(name);
}

/** Who may own what is in a folder of a repository: every candidate, best first. */
export function ownersOfUnit(
  unit: Pick<Unit, "repository" | "dir" | "packages" | "workloads">,
  people: People,
  today: string,
): readonly Claim<string>[] {
  const { repository } = unit;
  const found = new Map<string, Evidence[]>();
  const add = (ref: string, evidence: Omit<Evidence, "repository">): void => {
    const list = found.get(ref) ?? [];
    list.push({ ...evidence, repository: repository.key });
    found.set(ref, list);
  };
  addCodeowners(unit, people, add);
  addLabels(unit, people, add);
  addPackagePeople(unit, people, add);
  addFolder(repository, people, add);
  addAuthors(repository, people, today, add);
  return [...found]
    .map(([ref, evidence]) => claimOf(ref, evidence))
    .sort((a, b) => b.confidence - a.confidence || order(a.value, b.value))
    .slice(0, 8);
}

type Add = (ref: string, evidence: Omit<Evidence, "repository">) => void;

function addCodeowners({ repository, dir }: Pick<Unit, "repository" | "dir">, people: People, add: Add): void {
  for (const { file, rules } of pick(repository, "codeowners")) {
    const rule = ruleFor(rules, dir);
    if (!rule) continue;
    const isSpecific = !/^(?:\/?\*\*?\/?|\/)$/.test(rule.pattern);
    const teams = rule.owners.filter((owner) => owner.includes("/"));
    // People beside a team review for it; the team owns.
    const owners = teams.length > 0 ? teams : rule.owners;
    owners.forEach((owner, at) => {
      // Of several only the first can be the owner: the others are said to be candidates, and weigh less.
      const weight = (isSpecific ? 0.85 : 0.7) * 0.75 ** at;
      const says = `CODEOWNERS gives ${dir === "" ? "the repository" : dir} to ${owner}`;
      const evidence = { file, line: rule.line, says, group: "CODEOWNERS", weight: weight * (owner.includes("/") ? 1 : 0.8) };
      const ref = refOfOwner(owner, people);
      if (ref !== undefined) add(ref, evidence);
    });
  }
}

/** `@org/team` is a group; `@login` and an address are people, if we know who; an unknown handle is taken for a user of that name. */
function refOfOwner(owner: string, people: People): string | undefined {
  if (!owner.startsWith("@")) return people.userOf(`email:${owner}`);
  if (owner.includes("/")) return people.groupOf(owner).ref;
  const handle = owner.slice(1);
  const user = people.userOf(`handle:${handle}`);
  if (user !== undefined) return user;
  // GitLab's groups have no slash: where the catalogue has such a group, it is meant.
  const group = people.groupOf(owner);
  return group.known ? group.ref : `user:default/${nameFrom(handle)}`;
}

function addLabels({ workloads }: Pick<Unit, "workloads">, people: People, add: Add): void {
  for (const { labels, file, line, kind, name } of workloads) {
    for (const label of TEAM_LABELS) {
      const value = labels[label];
      if (value === undefined) continue;
      const says = `${kind} ${name} has the label ${label}: ${value}`;
      add(people.groupOf(value).ref, { file, line, says, group: "label", weight: 0.8 });
    }
  }
}

function addPackagePeople({ packages }: Pick<Unit, "packages">, people: People, add: Add): void {
  for (const { people: named, file } of packages) {
    for (const { email, line } of named) {
      const user = email === undefined ? undefined : people.userOf(`email:${email}`);
      if (user === undefined) continue;
      const says = `${file} names ${email}`;
      add(user, { file, line, says, group: "build file", weight: 0.35 });
      const groups = people.groupsOf(user);
      if (groups.length === 1) add(groups[0]!, { file, line, says: `${says}, who is in ${groups[0]}`, group: "build file", weight: 0.3 });
    }
  }
}

function addFolder({ group }: Repository, people: People, add: Add): void {
  if (group === "") return;
  const { ref, known } = people.groupOf(group);
  if (known) add(ref, { file: "", line: 1, says: `the repository lies in the folder ${group}`, group: "folder", weight: 0.35 });
}

/** Commits older than this say who built it, not who has it. */
const RECENT_DAYS = 180;

function addAuthors({ authors }: Repository, people: People, today: string, add: Add): void {
  const oldest = new Date(Date.parse(today) - RECENT_DAYS * 86_400_000).toISOString().slice(0, 10);
  const recent = authors.filter(({ name, email, last }) => !isBot(name) && !isBot(email) && last >= oldest);
  const total = recent.reduce((sum, { commits }) => sum + commits, 0);
  if (total < 5) return;
  const shares = new Map<string, number>();
  for (const { email, commits } of recent) {
    const user = people.userOf(`email:${email}`);
    if (user === undefined) continue;
    for (const ref of [user, ...people.groupsOf(user)]) shares.set(ref, (shares.get(ref) ?? 0) + commits / total);
  }
  for (const [ref, share] of shares) {
    const isGroup = ref.startsWith("group:");
    if (share < (isGroup ? 0.6 : 0.7)) continue;
    const says = `${Math.round(share * 100)} % of the ${total} newest commits are ${isGroup ? "by members of" : "by"} ${ref}`;
    add(ref, { file: ".git", line: 1, says, group: "commits", weight: isGroup ? 0.45 : 0.35 });
  }
}

/** The best candidate if it is good enough and clearly better than the next; else why not, in words. */
export function chooseOwner(candidates: readonly Claim<string>[]): {
  readonly owner: Claim<string> | undefined;
  readonly note: string | undefined;
} {
  const [best, second] = candidates;
  if (!best) return { owner: undefined, note: "nothing was found that says who owns it" };
  const percent = (claim: Claim<string>): string => `${claim.value} (${Math.round(claim.confidence * 100)} %)`;
  if (best.confidence < OWNER_BAR) return { owner: undefined, note: `${percent(best)} is the best candidate, and not sure enough` };
  if (second && best.confidence - second.confidence < MARGIN) {
    return { owner: undefined, note: `two candidates are nearly as good: ${percent(best)} and ${percent(second)}` };
  }
  return { owner: best, note: undefined };
}
