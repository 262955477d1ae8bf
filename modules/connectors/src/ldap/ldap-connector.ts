import type { Connector, ConnectorCall, Reading } from "@roadbed/contracts/connector";
import { UnavailableError } from "@roadbed/core";
import type { Entry } from "ldapts";

import { directoryReadings, type DirectoryGroup, type Person } from "../lib/directory.ts";
import { openDirectory, type Directory } from "./ldap-client.ts";
import { LdapSettings, planOf, type Plan } from "./settings.ts";

/** People and groups of Active Directory, OpenLDAP or another LDAP server (RFC 4511). */
export const ldapConnector: Connector<LdapSettings> = {
  kind: "ldap",
  title: "Directory (LDAP)",
  summary: "People and groups of Active Directory or OpenLDAP; who has left stays, marked as such.",
  settings: LdapSettings as never,
  secrets: ["password"],
  targetOf: ({ url, baseDn }) => `${new URL(url).host}/${normal(baseDn)}`,
  defaults: { everyMinutes: 60, halfLifeDays: 30, confidence: 0.95 },
  // Who was there and is named no more is known by nothing else.
  keeps: ["people", "groups"],
  read,
};

/** Of an Active Directory account that is switched off. */
const DISABLED = 2;
const MEMBERSHIP = ["member", "uniqueMember", "memberUid"] as const;

async function* read(settings: LdapSettings, call: ConnectorCall): AsyncGenerator<Reading> {
  const plan = planOf(settings);
  const directory = await openDirectory(settings, call);
  try {
    const { people, groups } = await readEntries(directory, settings, plan);
    const words = {
      namespace: settings.namespace,
      loginAnnotation: "roadbed.dev/ldap-user",
      groupType: settings.groupType,
      keepGone: settings.keepGone,
      state: call.state,
    };
    yield* directoryReadings(people, groups, words);
  } finally {
    await directory.close();
  }
}

async function readEntries(
  directory: Directory,
  settings: LdapSettings,
  plan: Plan,
): Promise<{ people: Person[]; groups: DirectoryGroup[] }> {
  const { baseDn, url } = settings;
  const attributes = [
    plan.id,
    plan.login,
    plan.name,
    plan.mail,
    "cn",
    "memberOf",
    "userAccountControl",
    "pwdAccountLockedTime",
    "nsAccountLock",
  ];
  const users = (await directory.search(settings.userBase ?? baseDn, plan.userFilter, attributes)).filter(
    (entry) => first(entry, plan.login) !== undefined,
  );
  const found = settings.groups
    ? await directory.search(settings.groupBase ?? baseDn, plan.groupFilter, [
        plan.id,
        "cn",
        "description",
        "mail",
        "memberOf",
        ...MEMBERSHIP,
      ])
    : [];
  const ids = new Map([...users, ...found].map((entry) => [normal(entry.dn), idOf(entry, plan)]));
  const logins = new Map(users.map((entry) => [first(entry, plan.login)!, idOf(entry, plan)]));
  const members = new Map<string, Set<string>>(found.map((entry) => [idOf(entry, plan), new Set()]));
  for (const entry of found) {
    const own = members.get(idOf(entry, plan))!;
    for (const dn of [...(await membersOf(directory, entry)), ...all(entry, "uniqueMember")]) add(own, ids.get(normal(dn)));
    for (const login of all(entry, "memberUid")) add(own, logins.get(login));
  }
  // Said at the other end too: by Active Directory always, by OpenLDAP where the overlay is in use.
  for (const entry of [...users, ...found]) {
    for (const dn of all(entry, "memberOf")) members.get(ids.get(normal(dn)) ?? "")?.add(idOf(entry, plan));
  }
  return {
    people: users.map((entry) => personOf(entry, plan, url)),
    groups: found.map((entry) => groupOf(entry, plan, url, members.get(idOf(entry, plan))!)),
  };
}

function add(set: Set<string>, id: string | undefined): void {
  if (id !== undefined) set.add(id);
}

/** Active Directory gives long lists in pieces: `member;range=0-1499`, and so on until `-*`. */
async function membersOf(directory: Directory, entry: Entry): Promise<readonly string[]> {
  const found = [...all(entry, "member")];
  let piece = rangeOf(entry);
  while (piece) {
    found.push(...all(piece.entry, piece.key));
    if (piece.last === undefined) break;
    const [next] = await directory.search(entry.dn, "(objectClass=*)", [`member;range=${piece.last + 1}-*`], "base");
    const before = piece.last;
    piece = next && rangeOf(next);
    // Half a group is no group, and a server that begins anew each time would be asked for ever.
    if (!piece || (piece.last !== undefined && piece.last <= before)) {
      throw new UnavailableError(`The list of members of ${entry.dn} breaks off.`, { mend: "It is tried again later." });
    }
  }
  return found;
}

function rangeOf(entry: Entry): { readonly entry: Entry; readonly key: string; readonly last: number | undefined } | undefined {
  for (const key of Object.keys(entry)) {
    const [, last] = /^member;range=\d+-(\d+|\*)$/i.exec(key) ?? [];
    if (last !== undefined) return { entry, key, last: last === "*" ? undefined : Number(last) };
  }
  return undefined;
}

function personOf(entry: Entry, plan: Plan, url: string): Person {
  return {
    id: idOf(entry, plan),
    login: first(entry, plan.login)!,
    title: first(entry, plan.name) ?? first(entry, "cn"),
    mail: first(entry, plan.mail)?.toLowerCase(),
    active: isActive(entry),
    location: addressOf(url, entry),
  };
}

function isActive(entry: Entry): boolean {
  const control = Number(first(entry, "userAccountControl") ?? 0);
  // Of OpenLDAP's password policy, this instant means for good; others are locks for a while.
  const isLocked = first(entry, "pwdAccountLockedTime") === "000001010000Z" || first(entry, "nsAccountLock")?.toLowerCase() === "true";
  return (control & DISABLED) === 0 && !isLocked;
}

function groupOf(entry: Entry, plan: Plan, url: string, members: ReadonlySet<string>): DirectoryGroup {
  return {
    id: idOf(entry, plan),
    name: first(entry, "cn") ?? entry.dn,
    description: first(entry, "description"),
    mail: first(entry, "mail")?.toLowerCase(),
    members: [...members],
    location: addressOf(url, entry),
  };
}

function idOf(entry: Entry, plan: Plan): string {
  const value = keyed(entry, plan.id)[0];
  if (Buffer.isBuffer(value)) return value.toString("hex");
  return value === undefined || value === "" ? normal(entry.dn) : String(value).toLowerCase();
}

/** Where people find it: an LDAP URL (RFC 4516). */
function addressOf(url: string, { dn }: Entry): string {
  return `${url.replace(/\/+$/, "")}/${encodeURI(dn)}`;
}

/** Names of attributes are the same in any case. */
function keyed(entry: Entry, name: string): readonly (string | Buffer)[] {
  const key = Object.keys(entry).find((one) => one.toLowerCase() === name.toLowerCase());
  const value = key === undefined || key === "dn" ? [] : entry[key]!;
  return Array.isArray(value) ? value : [value];
}

function all(entry: Entry, name: string): readonly string[] {
  return keyed(entry, name)
    .map(String)
    .filter((value) => value !== "");
}

function first(entry: Entry, name: string): string | undefined {
  return all(entry, name)[0];
}

/** One form of a distinguished name, to compare by. */
function normal(dn: string): string {
  return dn
    .toLowerCase()
    .replace(/\s*([,=+])\s*/g, "$1")
    .trim();
}
