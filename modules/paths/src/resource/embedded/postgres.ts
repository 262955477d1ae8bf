import { z } from "zod";

import type { Provisioner } from "../provisioner.ts";
import type { DatabaseServer } from "./database-server.ts";
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
  standingOf,
  type Bounds,
} from "./own-database.ts";

const Inputs = z.strictObject({
  connections: z.number().int().min(1).max(100).default(10).describe("How many at once"),
  sizeMb: z.number().int().min(8).max(1_000_000).default(1024).describe("From which size on it is said to be too large"),
});

/** A database and a role of the same name in the embedded server for other people's databases. */
export function makeEmbeddedPostgres(server: DatabaseServer): Provisioner {
  const boundsOf = (inputs: unknown): Bounds => ({ ...(inputs as z.output<typeof Inputs>), owner: "role" });
  return {
    id: "embedded-postgres",
    description: "A database with a role of its own in the embedded Postgres, reached at this machine by a password.",
    inputs: Inputs,
    prepare: preparePassword,

    async plan(_work, wanted, _secrets, act) {
      const there = await standingOf(server, wanted);
      if (act === "destroy") return planEnd(there, "Database");
      const { connections } = boundsOf(wanted.inputs);
      return {
        words:
          there.role === undefined
            ? `Makes the PostgreSQL database ${there.name} with a role of its own, up to ${connections} connections.`
            : `Sees to the PostgreSQL database ${there.name}: up to ${connections} connections.`,
        changes: [
          {
            action: there.role === undefined ? "create" : there.role.connections === connections ? "none" : "update",
            kind: "Database",
            name: there.name,
            summary: `PostgreSQL 18, ${connections} connections`,
          },
        ],
        problems: problemsOf(wanted, there, connections),
      };
    },

    apply: (work, wanted, secrets) =>
      server.use(async (admin, at) => {
        const name = nameOf(wanted);
        if (await ensureDatabase(admin, wanted, secrets, boundsOf(wanted.inputs))) await work.say(`The database ${name} was made.`);
        return { facts: factsOf(at, name) };
      }),

    destroy: (work, wanted) => dropDatabase(server, work, wanted, "database"),

    read: (_work, wanted, secrets) =>
      server.use(async (admin, at) => {
        const { state, words, facts, drift } = await lookAtDatabase(admin, at, wanted, secrets, boundsOf(wanted.inputs));
        return { state, words, facts, drift };
      }),

    variables(facts, secrets) {
      const at = addressOf(facts, secrets, server.port());
      if (at === undefined) return {};
      return {
        DATABASE_URL: at.url,
        PGHOST: at.host,
        PGPORT: at.port,
        PGDATABASE: at.name,
        PGUSER: at.name,
        PGPASSWORD: at.password,
      };
    },
  };
}
