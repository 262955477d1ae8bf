import type { Repository } from "../finding.ts";
import { order } from "../combine/confidence.ts";
import type { KnownEntity } from "../combine/draft.ts";
import { isBot } from "../combine/owners.ts";
import { loginIn } from "../combine/people.ts";
import { pick } from "../combine/units.ts";

/** A login as repositories name it. */
export interface SeenLogin {
  /** `email:…` or `handle:…`, lower case. */
  readonly login: string;
  readonly name?: string;
  /** The account at a Git host that the host says an address belongs to, lower case. */
  readonly account?: string;
  readonly seenIn: readonly string[];
}

export interface Candidate {
  readonly user: string;
  readonly title?: string;
  readonly confidence: number;
  readonly reason: string;
}

/** From here on nobody is asked: it is the same address. */
export const ACCEPT_BAR = 0.95;
/** From here on one is proposed, if the next is clearly worse. */
export const PROPOSE_BAR = 0.6;
const MARGIN = 0.15;

/** Every login of every repository: those who commit, who own by CODEOWNERS, who are named in build files. */
export function loginsOf(repositories: readonly Repository[]): SeenLogin[] {
  const found = new Map<string, { name?: string; account?: string; seenIn: Set<string> }>();
  const see = (login: string, repository: Repository, where: string, name?: string, account?: string): void => {
    if (isBot(login) || (name !== undefined && isBot(name))) return;
    const known = found.get(login) ?? { seenIn: new Set<string>() };
    if (account !== undefined) known.account = account;
    if (name !== undefined && (known.name === undefined || order(name, known.name) > 0)) known.name = name;
    known.seenIn.add(`${repository.name}: ${where}`);
    found.set(login, known);
  };
  for (const repository of repositories) {
    for (const { name, email, login } of repository.authors) see(`email:${email}`, repository, "commits", name, login);
    for (const { rules, file } of pick(repository, "codeowners")) {
      for (const owner of rules.flatMap(({ owners }) => owners)) {
        if (!owner.startsWith("@")) see(`email:${owner}`, repository, file);
        else if (!owner.includes("/")) see(`handle:${owner.slice(1)}`, repository, file);
      }
    }
    for (const { people, file } of pick(repository, "package"))
      for (const { name, email } of people) if (email !== undefined) see(`email:${email}`, repository, file, name);
  }
  return [...found]
    .map(([login, { name, account, seenIn }]) => ({
      login,
      ...(name === undefined ? {} : { name }),
      ...(account === undefined ? {} : { account }),
      seenIn: [...seenIn].sort().slice(0, 10),
    }))
    .sort((a, b) => order(a.login, b.login));
}

/** Who a login may be, best first: pure. Users that it was said not to be are left out. */
export function candidatesFor(
  { login, name, account }: SeenLogin,
  users: readonly KnownEntity[],
  refused: ReadonlySet<string> = new Set(),
): Candidate[] {
  return users
    .filter((user) => user.kind === "user" && !refused.has(user.ref))
    .flatMap((user) => {
      const [best] = reasonsFor(login, name, account, user).sort((a, b) => b[0] - a[0]);
      return best
        ? [{ user: user.ref, ...(user.title === undefined ? {} : { title: user.title }), confidence: best[0], reason: best[1] }]
        : [];
    })
    .sort((a, b) => b.confidence - a.confidence || order(a.user, b.user))
    .slice(0, 5);
}

/** The one candidate that may be proposed: good enough, and no other nearly as good. */
export function clearly(candidates: readonly Candidate[]): Candidate | undefined {
  const [best, second] = candidates;
  if (!best || best.confidence < PROPOSE_BAR) return undefined;
  return second && best.confidence - second.confidence < MARGIN ? undefined : best;
}

function reasonsFor(login: string, name: string | undefined, said: string | undefined, user: KnownEntity): [number, string][] {
  const [sort, text] = [login.slice(0, login.indexOf(":")), login.slice(login.indexOf(":") + 1)];
  const found: [number, string][] = [];
  const userName = user.ref.split("/")[1]!;
  const local = user.email === undefined ? undefined : plain(user.email.split("@")[0]!);
  if (sort === "email" && user.email?.toLowerCase() === text) return [[0.99, "the e-mail addresses are the same"]];
  const isNoReply = sort === "email" && /@users\.noreply\./.test(text);
  const hosted = said ?? (sort === "handle" ? text : isNoReply ? loginIn(text) : undefined);
  if (hosted !== undefined && user.accounts?.includes(hosted) === true) return [[0.97, `${hosted} is the user's account at the Git host`]];
  const account = sort === "email" ? loginIn(text) : text;
  if (plain(account) === plain(userName))
    found.push([
      isNoReply || sort === "handle" ? 0.85 : 0.7,
      `${account} is the user's name${isNoReply ? " in an address of the Git host" : ""}`,
    ]);
  if (local !== undefined && plain(account) === local) found.push([0.8, `${account} stands before the @ of the user's address`]);
  const title = user.title === undefined ? "" : words(user.title).join(" ");
  if (title !== "") {
    if (name !== undefined && words(name).join(" ") === title)
      found.push([words(title).length > 1 ? 0.8 : 0.5, `the names are the same: ${name}`]);
    else if (name !== undefined && sameWords(name, title)) found.push([0.75, `the names hold the same words: ${name} and ${user.title}`]);
    const [first = "", ...rest] = words(title);
    const last = rest.at(-1) ?? "";
    const short = plain(account);
    if (last !== "" && (short === first + last || short === last + first))
      found.push([0.75, `${account} is the user's first and last name`]);
    else if (last !== "" && (short === first.charAt(0) + last || short === first + last.charAt(0)))
      found.push([0.65, `${account} is made from the user's name, ${user.title}`]);
    else if (short.length > 3 && short === last) found.push([0.45, `${account} is the user's last name`]);
    if (name !== undefined && found.length === 0) {
      const likeness = likenessOf(words(name).join(" "), title);
      if (likeness > 0.8) found.push([0.5 * likeness, `the names are alike: ${name} and ${user.title}`]);
    }
  }
  return found;
}

function words(text: string): string[] {
  return text
    .normalize("NFKD")
    .replaceAll(/\p{Mark}/gu, "")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);
}

function plain(text: string): string {
  return words(text).join("");
}

function sameWords(a: string, b: string): boolean {
  const [left, right] = [words(a).sort(), words(b).sort()];
  return left.length > 1 && left.join(" ") === right.join(" ");
}

/** 1 for the same text, 0 for nothing in common: pairs of letters that both hold. */
function likenessOf(a: string, b: string): number {
  const pairs = (text: string): Set<string> =>
    new Set(Array.from({ length: Math.max(0, text.length - 1) }, (_, at) => text.slice(at, at + 2)));
  const [left, right] = [pairs(a), pairs(b)];
  if (left.size + right.size === 0) return 0;
  return (2 * [...left].filter((pair) => right.has(pair)).length) / (left.size + right.size);
}
