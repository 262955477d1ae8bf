import type { Entity } from "@roadbed/contracts/catalog";
import { ACTIVE_ANNOTATION } from "@roadbed/contracts/catalog/people";
import type { Reading } from "@roadbed/contracts/connector";

import { record, textOf } from "./git-host.ts";
import { toEntityName } from "./names.ts";

/** A person of a directory, in words that SCIM and LDAP share. */
export interface Person {
  /** Never changes, whatever the person is called. */
  readonly id: string;
  readonly login: string;
  readonly title: string | undefined;
  readonly mail: string | undefined;
  readonly active: boolean;
  readonly location: string;
}

export interface DirectoryGroup {
  readonly id: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly mail: string | undefined;
  /** Ids of people and of groups alike. */
  readonly members: readonly string[];
  readonly location: string;
}

export interface DirectoryWords {
  readonly namespace: string;
  /** Holds the login, e.g. `roadbed.dev/scim-user`. */
  readonly loginAnnotation: string;
  readonly groupType: string;
  /** People whom the directory names no more stay, as people who have left. */
  readonly keepGone: boolean;
  /** What the last whole reading remembered: whoever has a name keeps it, whatever they or others are called later. */
  readonly state: Readonly<Record<string, unknown>>;
}

/** More than this at once are not taken for people who left: the source asks first, as for anything else that is gone. */
const FEW = 5;
const SHARE = 0.2;

/**
 * The people and groups of a directory. Membership stands with the person, so that a group may have any number. Those who have left are
 * users without groups. Ends with the state to be remembered.
 */
export function* directoryReadings(
  people: readonly Person[],
  groups: readonly DirectoryGroup[],
  words: DirectoryWords,
): Generator<Reading> {
  const groupNames = uniqueNames(
    groups.map(({ id, name }) => ({ id, names: [name] })),
    record(words.state["groups"]),
  );
  const groupsOf = new Map<string, string[]>();
  for (const { id, members } of groups) {
    for (const member of members) groupsOf.set(member, [...(groupsOf.get(member) ?? []), groupNames.get(id)!]);
  }
  for (const group of groups) yield groupOf(group, groupNames, words);
  const all = [...people, ...goneOf(people, words)];
  const userNames = uniqueNames(
    all.map(({ id, login }) => ({ id, names: [login.split("@")[0]!, login] })),
    Object.fromEntries(Object.entries(record(words.state["people"])).map(([id, kept]) => [id, record(kept)["name"]])),
  );
  for (const person of all) yield userOf(person, userNames.get(person.id)!, [...new Set(groupsOf.get(person.id))].sort(), words);
  const here = new Set(people.map(({ id }) => id));
  const kept = Object.fromEntries(
    all.map(({ id, login, title, mail, location }) => [
      id,
      { name: userNames.get(id), login, title, mail, location, ...(here.has(id) ? {} : { gone: true }) },
    ]),
  );
  yield { type: "state", state: { people: kept, groups: Object.fromEntries(groupNames) } };
}

/** Those who were there and are named no more. */
function goneOf(people: readonly Person[], { keepGone, state }: DirectoryWords): readonly Person[] {
  if (!keepGone) return [];
  const here = new Set(people.map(({ id }) => id));
  const known = Object.entries(record(state["people"]));
  const [long = [], news = []] = [true, false].map((wanted) =>
    known.filter(([id, kept]) => !here.has(id) && (record(kept)["gone"] === true) === wanted),
  );
  const isTooMuch = news.length > Math.max(FEW, known.length * SHARE);
  return (isTooMuch ? long : [...long, ...news]).flatMap(([id, kept]) => {
    const one = record(kept);
    const login = textOf(one["login"]);
    if (login === undefined) return [];
    const location = textOf(one["location"]) ?? id;
    return [{ id, login, title: textOf(one["title"]), mail: textOf(one["mail"]), active: false, location }];
  });
}

/** The name from before, else the first that nobody else has, else one with the id behind it: the same whatever the order. */
function uniqueNames(
  items: readonly { readonly id: string; readonly names: readonly string[] }[],
  before: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, string> {
  const slug = (text: string): string => toEntityName(text).toLowerCase();
  const held = new Map(items.flatMap(({ id }) => (typeof before[id] === "string" ? [[id, before[id]] as const] : [])));
  const taken = new Set(held.values());
  const fresh = items.filter(({ id }) => !held.has(id));
  const count = new Map<string, number>();
  for (const { names } of fresh) {
    for (const name of new Set(names.map(slug))) count.set(name, (count.get(name) ?? 0) + 1);
  }
  const chosen = fresh.map(({ id, names }): [string, string] => {
    const free = names.map(slug).find((name) => count.get(name) === 1 && !taken.has(name));
    return [id, free ?? toEntityName(`${slug(names[0]!).slice(0, 40)}-${slug(id).slice(-20)}`)];
  });
  return new Map([...held, ...chosen]);
}

function groupOf(group: DirectoryGroup, names: ReadonlyMap<string, string>, { namespace, groupType }: DirectoryWords): Reading {
  const name = names.get(group.id)!;
  const children = group.members.flatMap((id) => names.get(id) ?? []).filter((child) => child !== name);
  const { mail, description } = group;
  const entity: Entity = {
    apiVersion: "backstage.io/v1alpha1",
    kind: "Group",
    metadata: {
      name,
      namespace,
      ...(group.name === name ? {} : { title: group.name }),
      ...(description === undefined ? {} : { description }),
    },
    spec: {
      type: groupType,
      children: [...new Set(children)].sort(),
      profile: { displayName: group.name, ...(mail === undefined ? {} : { email: mail }) },
    },
  };
  return { type: "entity", mode: "define", entity, location: group.location };
}

function userOf(person: Person, name: string, memberOf: readonly string[], { namespace, loginAnnotation }: DirectoryWords): Reading {
  const { login, title, mail, active, location } = person;
  const profile = { ...(title === undefined ? {} : { displayName: title }), ...(mail === undefined ? {} : { email: mail }) };
  const entity: Entity = {
    apiVersion: "backstage.io/v1alpha1",
    kind: "User",
    metadata: {
      name,
      namespace,
      annotations: { [loginAnnotation]: login, ...(active ? {} : { [ACTIVE_ANNOTATION]: "false" }) },
    },
    spec: { ...(Object.keys(profile).length > 0 ? { profile } : {}), memberOf: active ? memberOf : [] },
  };
  return { type: "entity", mode: "define", entity, location };
}
