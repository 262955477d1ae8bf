import type { IncomingHttpHeaders } from "node:http";

import { ARMS, type Arm, type Backend, type RouteRules } from "./table.ts";

export interface Choice {
  readonly backend: Backend;
  /** A header asked for this arm. */
  readonly routed: boolean;
  /** To be set at the caller, so that the next request goes the same way. */
  readonly cookie?: string;
}

/** The router's own cookie for those that are to stay with a version; like all of the platform's it is not passed on. */
export const STICKY_COOKIE = "roadbed_way";

/**
 * Which process answers: the arm that a header asks for, else one by weight; the same caller always the same one where callers stick.
 * `random` gives numbers in [0, 1).
 */
export function chooseBackend(
  backends: readonly Backend[],
  rules: RouteRules | undefined,
  headers: IncomingHttpHeaders,
  random: () => number,
): Choice | undefined {
  const asked = rules?.headers?.find(({ name, value }) => headers[name] !== undefined && (value === undefined || headers[name] === value));
  if (asked !== undefined) {
    const backend = pickOf(
      backends.filter((one) => armOf(one) === asked.arm),
      random,
    );
    if (backend !== undefined) return { backend, routed: true };
  }
  if (rules?.sticky === undefined) {
    const backend = pickBackend(backends, random());
    return backend && { backend, routed: false };
  }
  const known = callerOf(rules.sticky, headers);
  const caller = known ?? Math.floor(random() * 2 ** 48).toString(36);
  const backend = stickTo(backends, caller);
  const sets = known === undefined && rules.sticky.by === "cookie" && rules.sticky.name === undefined;
  return backend && { backend, routed: false, ...(sets ? { cookie: `${STICKY_COOKIE}=${caller}` } : {}) };
}

/** One of them by chance, in proportion to their weights. `chance` is in [0, 1). */
export function pickBackend(backends: readonly Backend[], chance: number): Backend | undefined {
  let sum = 0;
  for (const { weight } of backends) sum += weight;
  let rest = chance * sum;
  return backends.find(({ weight }) => (rest -= weight) < 0);
}

/** An arm without weight can be asked for by a header all the same. */
function pickOf(backends: readonly Backend[], random: () => number): Backend | undefined {
  return backends[Math.floor(random() * backends.length)];
}

/**
 * First the arm, then the process. The candidate's part lies at the end: while its weight grows, nobody who was sent to it is sent back,
 * and one process more or less of an arm moves only the callers that it takes or leaves.
 */
function stickTo(backends: readonly Backend[], caller: string): Backend | undefined {
  const arms = ARMS.map((arm) => {
    const own = backends.filter((one) => armOf(one) === arm);
    return { own, weight: own.reduce((sum, one) => sum + one.weight, 0) };
  });
  let rest = hash(caller) * arms.reduce((sum, one) => sum + one.weight, 0);
  const arm = arms.find(({ weight }) => (rest -= weight) < 0);
  const ranked = arm?.own.filter(({ weight }) => weight > 0).map((backend) => ({ backend, rank: hash(`${caller} ${backend.port}`) }));
  return ranked?.reduce((best, one) => (one.rank > best.rank ? one : best)).backend;
}

function callerOf({ by, name }: NonNullable<RouteRules["sticky"]>, headers: IncomingHttpHeaders): string | undefined {
  if (by === "header") return name === undefined ? undefined : headers[name]?.toString();
  const wanted = name ?? STICKY_COOKIE;
  const pairs = headers.cookie?.split(";").map((pair) => pair.trim()) ?? [];
  return pairs.find((pair) => pair.startsWith(`${wanted}=`))?.slice(wanted.length + 1);
}

export function armOf({ arm = "stable" }: Backend): Arm {
  return arm;
}

/** FNV-1a, mixed once more: a number in [0, 1) that similar texts do not share. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) state = Math.imul(state ^ text.charCodeAt(at), 0x01000193);
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return ((state ^ (state >>> 16)) >>> 0) / 4_294_967_296;
}
