import { createHash } from "node:crypto";

import type { Resource } from "@roadbed/contracts/standards";
import { findingsChanged } from "@roadbed/contracts/standards/audit";
import type { Logger, Sql } from "@roadbed/core";
import { append, createOutbox, type Database } from "@roadbed/postgres";

import type { Expressions } from "../deps.ts";
import type { ReadCatalog } from "../policy/catalog-view.ts";
import { findViolations } from "../policy/evaluate-policies.ts";
import type { ParamObject } from "../policy/params.ts";
import { holdsAt } from "../policy/plan.ts";
import type { LoadedPolicy } from "../policy/policy.ts";
import type { Things } from "../scorecard/things.ts";
import { makeStageOf } from "../stage/stage.ts";
import { selectStages } from "../stage/stage-store.ts";
import { aboutOf } from "../waiver/apply-waivers.ts";
import { replaceFindings, type StoredFinding } from "./finding-store.ts";

export interface AuditorDeps {
  readonly db: Database;
  readonly log: Logger;
  readonly cel: Expressions;
  readonly things: Pick<Things, "changesAfter" | "refsAfter" | "read" | "existing" | "around">;
  readonly policies: readonly LoadedPolicy[];
  readonly params: readonly ParamObject[];
  readonly now?: (() => Date) | undefined;
  /** Whether somebody who waits for an answer is at work: the audit gives way, for a while. */
  readonly comesFirst?: (() => boolean) | undefined;
  /** Every event that is committed, by whichever process. */
  readonly events?: { subscribe(listener: (event: { readonly name: string }) => void): () => void } | undefined;
}

export interface Auditor {
  start(): void;
  stop(): Promise<void>;
  /** Ends when everything is looked at as it is now. */
  settled(): Promise<void>;
}

const SLICE = 500;
const AT_ONCE = 100;
const NEWS = 200;
/** Beyond this many changes looking at everything is cheaper; no more than 20,000 are counted. */
const MANY = 5_000;
const LOOK_MS = 15_000;
/** Changes seldom come alone: they are looked at together when no more came for a moment, and never later than this. */
const QUIET_MS = 250;
const LATEST_MS = 1_000;
const RETRY_MS = 5_000;
/** How long it gives way at most before it goes on by a slice. */
const MOST_WAIT_MS = 30_000;
const WAIT_MS = 250;

/**
 * Asks the policies that hold at the point `audit` about what changed in the catalogue, and about everything when they are others than
 * before. Place and findings commit together under the lock of one row: a process that dies leaves nothing half done, and of several
 * processes one works.
 */
export function createAuditor(deps: AuditorDeps): Auditor {
  const { db, log, things } = deps;
  const now = deps.now ?? (() => new Date());
  const digestOf = makeDigestOf(deps);
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = true;
  let timer: NodeJS.Timeout | undefined;
  let soon: { readonly timer: NodeJS.Timeout; readonly latest: number } | undefined;
  let unsubscribe: () => void = () => {};

  return {
    start() {
      stopped = false;
      timer = setInterval(wake, LOOK_MS).unref();
      unsubscribe = deps.events?.subscribe(({ name }) => isNews(name) && wakeSoon()) ?? unsubscribe;
      wake();
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      clearTimeout(soon?.timer);
      unsubscribe();
      await running;
    },
    async settled() {
      for (;;) {
        while (running) await running;
        if ((await turn()) === "idle") return;
      }
    },
  };

  /** Whoever made the change and reads it back is answered before the audit has its turn. */
  function wakeSoon(): void {
    const latest = soon?.latest ?? Date.now() + LATEST_MS;
    clearTimeout(soon?.timer);
    soon = { timer: setTimeout(wake, Math.max(0, Math.min(QUIET_MS, latest - Date.now()))), latest };
  }

  function wake(): void {
    clearTimeout(soon?.timer);
    soon = undefined;
    if (stopped) return;
    again = true;
    running ??= work().finally(() => {
      running = undefined;
    });
  }

  async function work(): Promise<void> {
    while (again && !stopped) {
      again = false;
      try {
        do await giveWay();
        while (!stopped && (await turn()) === "more");
      } catch (error) {
        log.error("the audit of the catalogue stopped", { error: String(error) });
        if (!stopped) await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
    }
  }

  /** The expressions have one thread: whoever looks at everything for people who watch it comes first. */
  async function giveWay(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    for (let waited = 0; !stopped && waited < MOST_WAIT_MS && deps.comesFirst?.() === true; waited += WAIT_MS) {
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS).unref());
    }
  }

  /** `busy`: another process is at it. */
  function turn(): Promise<"more" | "idle" | "busy"> {
    return db.transaction(async (sql) => {
      const { rows } = await sql.query<Record<string, unknown>>("select * from standards.audit_state for update skip locked");
      const state = rows[0] as unknown as State | undefined;
      if (!state) return "busy";
      const at = now();
      const stageOf = makeStageOf(await selectStages(sql), at);
      const policies = digestOf(stageOf);
      const begins = policies !== state.policies;
      const from = { change: Number(state.place_change), ref: state.place_ref };
      const news = await things.changesAfter(from, NEWS);
      const sweepAfter = begins || news.waiting > MANY ? "" : state.sweep_after;
      const touched = [...news.changed, ...news.removed, ...news.namedBefore];
      // What a policy reads of neighbours and teams changes with them.
      const reads = holdsAt(deps.policies, "audit", stageOf).some(({ policy }) => policy.readsCatalog !== undefined);
      const refs = news.waiting > MANY ? [] : [...new Set([...touched, ...(reads ? things.around(touched) : [])])];
      const told = await look(sql, refs, stageOf, at);
      const swept = sweepAfter === null ? undefined : await sweep(sql, sweepAfter, stageOf, at);
      const place = news.waiting > MANY ? news.end : news.place;
      const left = news.waiting > 0 || (swept !== undefined && swept.after !== null);
      const moved = begins || swept !== undefined || place.change !== from.change || place.ref !== from.ref;
      if (moved) {
        await sql.query(
          "update standards.audit_state set place_change = $1, place_ref = $2, policies = $3, sweep_after = $4, looked_at = $5",
          [place.change, place.ref, policies, swept === undefined ? null : swept.after, left ? state.looked_at : at],
        );
      }
      const found = told.found + (swept?.found ?? 0);
      const mended = told.mended + (swept?.mended ?? 0);
      if (found + mended > 0) {
        const outbox = createOutbox("system:standards.audit");
        outbox.emit(findingsChanged, "findings", { found, mended });
        await append(sql, undefined, outbox.events, at);
      }
      return left ? "more" : "idle";
    });
  }

  async function sweep(sql: Sql, after: string, stageOf: Parameters<typeof holdsAt>[2], at: Date) {
    const refs = things.refsAfter(after, undefined, SLICE);
    const done = await look(sql, refs, stageOf, at);
    // What stands in the findings between two references and is not there any more is gone.
    const last = refs.length === SLICE ? (refs.at(-1) as string) : null;
    const { rows } = await sql.query<{ ref: string }>(
      `select distinct ref from standards.audit_finding where ref > $1 and ($2::text is null or ref <= $2) and not (ref = any($3))`,
      [after, last, refs],
    );
    const gone = rows.map(({ ref }) => ref);
    const { mended } = await replaceFindings(sql, gone, [], at);
    return { found: done.found, mended: done.mended + mended, after: last };
  }

  async function look(sql: Sql, refs: readonly string[], stageOf: Parameters<typeof holdsAt>[2], at: Date) {
    if (refs.length === 0) return { found: 0, mended: 0 };
    const read = await things.read(refs, {});
    const resources = [...read.values()].flatMap(({ entity }) => (isObject(entity) ? [{ object: entity }] : []));
    const findings: StoredFinding[] = [];
    for (let from = 0; from < resources.length; from += AT_ONCE) {
      findings.push(...(await judge(resources.slice(from, from + AT_ONCE), stageOf)));
    }
    return replaceFindings(sql, refs, findings, at);
  }

  /** A few at a time: whoever waits for one answer of the expressions does not wait for five hundred of ours. */
  async function judge(resources: readonly Resource[], stageOf: Parameters<typeof holdsAt>[2]): Promise<StoredFinding[]> {
    const { policies, params, cel } = deps;
    const catalog: ReadCatalog = (some, wanted) => things.read(some, wanted);
    const moment = { moment: "audit", params, stageOf, username: "system:standards", catalog } as const;
    const { violations } = await findViolations(cel, policies, moment, resources);
    // Each is about itself: asked together they are one change, and would be taken for one another's.
    const abouts = resources.map((resource) => aboutOf([resource])[0]);
    return violations.flatMap(({ finding, position, target }) => {
      const about = abouts[target];
      return about?.entity === undefined ? [] : [{ ref: about.entity, team: about.team, position, finding }];
    });
  }
}

interface State {
  readonly place_change: string;
  readonly place_ref: string;
  readonly policies: string;
  readonly sweep_after: string | null;
  readonly looked_at: Date | null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** The same while the same policies do the same. Asked at every turn: what a policy says does not change while the server runs. */
function makeDigestOf({ policies, params }: AuditorDeps): (stageOf: Parameters<typeof holdsAt>[2]) => string {
  const texts = new Map(
    policies.map((policy) => [policy, sha256([policy.name, policy.version, policy.program.source, policy.match])] as const),
  );
  const given = sha256(params);
  return (stageOf) =>
    sha256([
      holdsAt(policies, "audit", stageOf).map(({ policy, binding, actions }) => [texts.get(policy), binding ?? null, actions]),
      given,
    ]);
}

function sha256(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

function isNews(name: string): boolean {
  return name.startsWith("catalog.") || name === "standards.stage.set";
}
