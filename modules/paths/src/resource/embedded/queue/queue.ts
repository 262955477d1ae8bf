import type { ResourceDrift } from "@roadbed/contracts/paths/resources";
import type { Database } from "@roadbed/postgres";
import { readFile } from "node:fs/promises";
import { z } from "zod";

import type { Provisioner, Seen } from "../../provisioner.ts";
import { countWords } from "../../size-words.ts";
import type { DatabaseServer } from "../database-server.ts";
import {
  addressOf,
  dropDatabase,
  ensureDatabase,
  factsOf,
  lookAtDatabase,
  nameOf,
  planEnd,
  preparePassword,
  problemsOf,
  quote,
  standingOf,
  type Bounds,
} from "../own-database.ts";

const Inputs = z.strictObject({
  messages: z.number().int().min(1).max(10_000_000).default(100_000).describe("How many it holds; one more is refused"),
  visibilitySeconds: z
    .number()
    .int()
    .min(1)
    .max(43_200)
    .default(30)
    .describe("For how long a message that was received is not seen by others"),
  attempts: z.number().int().min(1).max(1_000).default(5).describe("After so many it is set aside"),
  connections: z.number().int().min(1).max(100).default(10).describe("How many at once"),
  sizeMb: z.number().int().min(8).max(1_000_000).default(1024).describe("From which size on it is said to be too large"),
});
type Inputs = z.output<typeof Inputs>;

/** What the role may call, and nothing else. */
const FUNCTIONS = [
  "send(jsonb, integer, text)",
  "receive(integer, integer)",
  "ack(bigint, uuid)",
  "visibility(bigint, uuid, integer)",
  "stats()",
  "redrive()",
];

/** A queue: one table in a database of its own in the embedded server, with a role that may call its functions and nothing else. */
export function makeEmbeddedQueue(server: DatabaseServer): Provisioner {
  const boundsOf = (inputs: unknown): Bounds => ({ ...(inputs as Inputs), owner: "server" });
  return {
    id: "embedded-queue",
    description:
      "A queue in the embedded Postgres: a table with a role of its own that sends, receives and acknowledges by functions in SQL.",
    inputs: Inputs,
    prepare: preparePassword,

    async plan(_work, wanted, _secrets, act) {
      const there = await standingOf(server, wanted);
      if (act === "destroy") return planEnd(there, "Queue");
      const { messages, connections, visibilitySeconds, attempts } = wanted.inputs as Inputs;
      const summary = `${countWords(messages)} messages, seen again after ${visibilitySeconds} s, set aside after ${attempts} attempts`;
      return {
        words: `${there.role === undefined ? "Makes" : "Sees to"} the queue ${there.name}: ${summary}.`,
        changes: [{ action: there.role === undefined ? "create" : "update", kind: "Queue", name: there.name, summary }],
        problems: problemsOf(wanted, there, connections),
      };
    },

    apply: (work, wanted, secrets) =>
      server.use(async (admin, at) => {
        const name = nameOf(wanted);
        const made = await ensureDatabase(admin, wanted, secrets, boundsOf(wanted.inputs));
        await server.inside(name, (inside) => ensureQueue(inside, name, wanted.inputs as Inputs));
        if (made) await work.say(`The queue ${name} was made.`);
        return { facts: factsOf(at, name) };
      }),

    destroy: (work, wanted) => dropDatabase(server, work, wanted, "queue"),

    read: (_work, wanted, secrets) =>
      server.use(async (admin, at) => {
        const found = await lookAtDatabase(admin, at, wanted, secrets, boundsOf(wanted.inputs));
        if (found.state !== "present") return { state: found.state, words: found.words, facts: found.facts, drift: found.drift };
        const name = nameOf(wanted);
        const inside = await server.inside(name, (db) => lookInside(db, name, wanted.inputs as Inputs));
        return {
          state: inside.state,
          words: inside.words,
          facts: { ...found.facts, ...inside.facts },
          drift: [...found.drift, ...inside.drift],
        };
      }),

    variables(facts, secrets) {
      const at = addressOf(facts, secrets, server.port());
      return at === undefined ? {} : { QUEUE_URL: at.url };
    },
  };
}

/** In one transaction, so that there is no half of it. */
async function ensureQueue(db: Database, name: string, { messages, visibilitySeconds, attempts }: Inputs): Promise<void> {
  const text = await readFile(new URL("./queue.sql", import.meta.url), "utf8");
  await db.transaction(async (sql) => {
    await sql.query(text);
    await sql.query(
      `insert into queue.rules (most_messages, visibility_seconds, most_attempts) values ($1, $2, $3)
       on conflict (one) do update set most_messages = excluded.most_messages, visibility_seconds = excluded.visibility_seconds,
         most_attempts = excluded.most_attempts`,
      [messages, visibilitySeconds, attempts],
    );
    await sql.query(`grant usage on schema queue to ${quote(name)}`);
    await sql.query(`revoke all on all tables in schema queue from ${quote(name)}`);
    for (const one of FUNCTIONS) await sql.query(`grant execute on function queue.${one} to ${quote(name)}`);
  });
}

async function lookInside(db: Database, name: string, wanted: Inputs): Promise<Seen> {
  const { rows: there } = await db.query<{ there: boolean }>("select to_regprocedure('queue.stats()') is not null as there");
  if (there[0]?.there !== true) return { state: "gone", words: "Its table is gone", facts: {}, drift: [] };
  const { rows } = await db.query<Stats>(
    `select s.waiting::int, s.delayed::int, s.in_work::int, s.dead::int, s.oldest_seconds, r.most_messages::int, r.visibility_seconds, r.most_attempts,
       array(select p.proname::text from pg_proc p where p.pronamespace = 'queue'::regnamespace and p.proname = any($2)
         and not has_function_privilege($1, p.oid, 'execute')) as lost,
       array(select c.relname::text from pg_class c where c.relnamespace = 'queue'::regnamespace and c.relkind = 'r'
         and has_table_privilege($1, c.oid, 'select, insert, update, delete')) as open
     from queue.stats() s left join queue.rules r on true`,
    [name, FUNCTIONS.map((one) => one.slice(0, one.indexOf("(")))],
  );
  const found = rows[0]!;
  const rules: readonly (readonly [string, number, number | null])[] = [
    ["messages", wanted.messages, found.most_messages],
    ["seconds until it is seen again", wanted.visibilitySeconds, found.visibility_seconds],
    ["attempts", wanted.attempts, found.most_attempts],
  ];
  const drift: ResourceDrift[] = rules
    .filter(([, is, was]) => is !== was)
    .map(([what, is, was]) => ({ what, wanted: String(is), found: was === null ? "no rule" : String(was) }));
  if (found.lost.length > 0)
    drift.push({ what: "rights of the role", wanted: "to call its functions", found: `not ${found.lost.join(", ")}` });
  if (found.open.length > 0) drift.push({ what: "rights of the role", wanted: "no table", found: found.open.join(", ") });
  const all = found.waiting + found.delayed + found.in_work + found.dead;
  return {
    state: "present",
    words: `${found.waiting} waiting, ${found.in_work} in work, ${found.dead} set aside`,
    facts: { messages: all, waiting: found.waiting, inWork: found.in_work, setAside: found.dead, oldestSeconds: found.oldest_seconds },
    drift,
  };
}

interface Stats extends Record<string, unknown> {
  readonly waiting: number;
  readonly delayed: number;
  readonly in_work: number;
  readonly dead: number;
  readonly oldest_seconds: number;
  readonly most_messages: number | null;
  readonly visibility_seconds: number | null;
  readonly most_attempts: number | null;
  readonly lost: string[];
  readonly open: string[];
}
