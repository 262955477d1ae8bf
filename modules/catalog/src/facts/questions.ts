import { askQuestions, listQuestions, questionAsked, type Fact, type Question } from "@roadbed/contracts/catalog/facts";
import { encodeCursor, handle, newId, readCursor, type Ctx, type Handler, type Logger, type Sql } from "@roadbed/core";
import type { Database } from "@roadbed/postgres";
import { z } from "zod";

import type { CatalogRuntime } from "../deps.ts";
import { isSame } from "../entity/diff-fields.ts";
import { isShown } from "../entity/get-entity.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo } from "../estate/visibility.ts";
import { breathe } from "../source/breathe.ts";
import { choosePeople, type Stale } from "./choose-people.ts";
import { readFacts } from "./read-facts.ts";
import { readRules } from "./trust-rules.ts";

const BATCH = 500;
/** Most questions of one look; the rest comes an hour later. */
const MAX_AT_ONCE = 500;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** After the start of a server there is more urgent work. */
const FIRST_LOOK_MS = 60_000;

export interface Questions {
  readonly handlers: readonly Handler[];
  /** Looks every hour for facts that went stale. */
  start(): void;
  stop(): Promise<void>;
}

/** Asks the likely owner of a stale fact whether it is still right: rarely, and never twice at once. */
export function createQuestions(o: {
  readonly catalogue: Catalogue;
  readonly db: Database;
  readonly runtime: CatalogRuntime;
  readonly log: Logger;
}): Questions {
  const { catalogue, db, runtime, log } = o;
  let timers: NodeJS.Timeout[] = [];
  let looking: Promise<void> | undefined;
  return {
    handlers: [makeListQuestions(catalogue), handle(askQuestions, (ctx) => ask(catalogue, ctx))],
    start: () => {
      const look = (): void => void (looking ??= lookForStale().finally(() => (looking = undefined)));
      timers = [setTimeout(look, FIRST_LOOK_MS).unref(), setInterval(look, HOUR_MS).unref()];
    },
    stop: async () => {
      for (const timer of timers) clearTimeout(timer);
      await looking;
    },
  };

  async function lookForStale(): Promise<void> {
    try {
      // Nothing is written down of a look that found nothing.
      const stale = await findStale(catalogue, db, new Date());
      if (stale.length === 0) return;
      await runtime.write(runtime.system("catalog.questions"), askQuestions, {}, undefined, (ctx) => ask(catalogue, ctx));
    } catch (error) {
      log.warn("stale facts could not be asked about", { error: String(error) });
    }
  }
}

async function ask(catalogue: Catalogue, ctx: Ctx): Promise<{ asked: number; stale: number; unasked: number }> {
  const { sql } = ctx;
  // One server at a time: two would ask the same.
  await sql.query("select pg_advisory_xact_lock(hashtextextended('catalog.questions', 0))");
  const now = ctx.now();
  const rules = await readRules(sql);
  await dropMoot(sql, now);
  const stale = await findStale(catalogue, sql, now);
  const recent = await readRecent(sql, new Date(now.getTime() - rules.daysBetween * DAY_MS));
  const { rows } = await sql.query<{ person: string; count: number }>(
    "select person, count(*)::int as count from catalog.question where asked_at > $1 group by person",
    [new Date(now.getTime() - 7 * DAY_MS)],
  );
  const open = stale.filter(({ ref, fact }) => !recent.has(`${ref} ${fact.property}`));
  const asked = choosePeople(open, {
    candidatesFor: (ref) => peopleBehind(catalogue, ref),
    askedThisWeek: new Map(rows.map(({ person, count }) => [person, count])),
    perWeek: rules.questionsPerWeek,
  });
  const now500 = asked.slice(0, MAX_AT_ONCE);
  for (const { ref, fact, person } of now500) {
    const id = newId("qst");
    await sql.query(
      "insert into catalog.question (id, ref, property, value, trust, person, asked_at) values ($1, $2, $3, $4, $5, $6, $7)",
      [id, ref, fact.property, JSON.stringify(fact.value), fact.trust, person, now],
    );
    ctx.emit(questionAsked, ref, { id, ref, property: fact.property, person });
  }
  return { asked: now500.length, stale: stale.length, unasked: open.length - now500.length };
}

/** Facts below their threshold that nobody has called wrong yet: those are known, and wait for a hand, not for a question. */
async function findStale(catalogue: Catalogue, sql: Sql, now: Date): Promise<Stale[]> {
  await catalogue.feed.fresh();
  const { estate } = catalogue;
  const refs = estate.all().map((id) => estate.refOf(id));
  const stale: Stale[] = [];
  for (let start = 0; start < refs.length; start += BATCH) {
    const facts = await readFacts(sql, refs.slice(start, start + BATCH), { now, kinds: catalogue.kinds, seesSource: () => true });
    for (const [ref, entity] of facts) {
      await breathe();
      for (const fact of entity.facts) if (fact.stale && fact.answer?.correct !== false) stale.push({ ref, fact });
    }
  }
  return stale;
}

/** Questions about what is gone are not asked any longer. */
async function dropMoot(sql: Sql, now: Date): Promise<void> {
  await sql.query(
    `update catalog.question q set answer = 'moot', answered_at = $1
     where answer is null and not exists (select 1 from catalog.entity e where e.ref = q.ref)`,
    [now],
  );
}

async function readRecent(sql: Sql, since: Date): Promise<ReadonlySet<string>> {
  const { rows } = await sql.query<{ ref: string; property: string }>(
    "select ref, property from catalog.question where asked_at > $1 or answer is null",
    [since],
  );
  return new Set(rows.map(({ ref, property }) => `${ref} ${property}`));
}

/** The people who own a thing: its owner, or the members of the group that is, else of the groups below it. */
function peopleBehind({ estate }: Catalogue, ref: string): readonly string[] {
  const owner = estate.get(ref)?.owner;
  if (owner === undefined) return [];
  if (owner.startsWith("user:")) return estate.get(owner) ? [owner] : [];
  const seen = new Set<string>();
  for (let groups = [owner]; groups.length > 0;) {
    const around = groups.flatMap((group) => {
      seen.add(group);
      const item = estate.get(group);
      return item ? estate.neighbours(item.id) : [];
    });
    const members = around.filter(({ type, id }) => type === "hasMember" && estate.at(id) !== undefined).map(({ ref: member }) => member);
    if (members.length > 0) return [...new Set(members)].sort();
    groups = around.filter(({ type, ref: child }) => type === "parentOf" && !seen.has(child)).map(({ ref: child }) => child);
  }
  return [];
}

interface QuestionRow {
  readonly id: string;
  readonly ref: string;
  readonly property: string;
  readonly value: unknown;
  readonly trust: number;
  readonly person: string;
  readonly asked_at: Date;
}

function makeListQuestions(catalogue: Catalogue): Handler {
  return handle(listQuestions, async (ctx, { limit, cursor }) => {
    await catalogue.feed.fresh();
    const visible = await visibleTo(catalogue, ctx);
    const identities = await catalogue.viewers?.identitiesOf(ctx);
    const people = [...(identities ?? [])].filter((ref) => ref.startsWith("user:"));
    const after = readCursor(z.string(), cursor);
    const { rows } = await ctx.sql.query<Record<string, unknown>>(
      `select id, ref, property, value, trust, person, asked_at from catalog.question
       where answer is null and person = any($1) and ($2::text is null or id > $2) order by id limit $3`,
      [people, after ?? null, limit + 1],
    );
    const page = (rows as unknown as QuestionRow[]).slice(0, limit);
    const facts = await readFacts(ctx.sql, [...new Set(page.map(({ ref }) => ref))], {
      now: ctx.now(),
      kinds: catalogue.kinds,
      seesSource: visible.seesSource,
    });
    const still = page.filter(({ ref, property, value }) => {
      const fact = facts.get(ref)?.facts.find((one: Fact) => one.property === property);
      // What changed since has answered itself.
      return fact !== undefined && isSame(fact.value, value) && isShown(catalogue, visible, ref);
    });
    return {
      items: still.map((row) => viewOf(row, catalogue.estate.get(row.ref)?.title)),
      ...(rows.length > limit ? { nextCursor: encodeCursor(page.at(-1)!.id) } : {}),
    };
  });
}

function viewOf({ id, ref, property, value, trust, person, asked_at }: QuestionRow, title: string | undefined): Question {
  return { id, ref, property, value, trust, person, askedAt: asked_at.toISOString(), ...(title === undefined ? {} : { title }) };
}
