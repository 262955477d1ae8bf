import type { ResourceDrift } from "@roadbed/contracts/paths/resources";
import { ConflictError, InvalidError } from "@roadbed/core";
import { isConnectionLost, openDatabase, type Database } from "@roadbed/postgres";
import { randomBytes } from "node:crypto";
import { z } from "zod";

import type { Facts, Provisioner, Secrets, Seen, Wanted } from "../provisioner.ts";
import type { DatabaseServer } from "./database-server.ts";

const Inputs = z.strictObject({
  connections: z.number().int().min(1).max(100).default(10).describe("How many at once"),
  sizeMb: z.number().int().min(8).max(1_000_000).default(1024).describe("From which size on it is said to be too large"),
});
type Inputs = z.output<typeof Inputs>;

/** All of them together; the rest is for the platform itself. */
const MOST_CONNECTIONS = 190;

/** A database and a role of the same name in the embedded server for other people's databases. */
export function makeEmbeddedPostgres(server: DatabaseServer): Provisioner {
  return {
    id: "embedded-postgres",
    description: "A database with a role of its own in the embedded Postgres, reached at this machine by a password.",
    inputs: Inputs,
    prepare: (_wanted, before) => (before["password"] === undefined ? { password: randomBytes(24).toString("base64url") } : before),

    async plan(_work, wanted, _secrets, act) {
      const name = nameOf(wanted);
      const there = server.exists()
        ? await server.use(async (admin) => ({
            role: await readRole(admin, name),
            size: await sizeOf(admin, name),
            taken: await taken(admin, name),
          }))
        : { role: undefined, size: undefined, taken: 0 };
      const foreign = there.role !== undefined && there.role.mark !== markOf(wanted) && wanted.id !== "";
      const { connections } = wanted.inputs as Inputs;
      if (act === "destroy") {
        return {
          words: `Takes away the database ${name}${there.size === undefined ? ", which is gone already" : ` with ${megabytes(there.size)}`}.`,
          changes:
            there.size === undefined
              ? []
              : [{ action: "delete", kind: "Database", name, summary: `${megabytes(there.size)} and its role` }],
          problems: [],
        };
      }
      return {
        words:
          there.role === undefined
            ? `Makes the PostgreSQL database ${name} with a role of its own, up to ${connections} connections.`
            : `Sees to the PostgreSQL database ${name}: up to ${connections} connections.`,
        changes: [
          {
            action: there.role === undefined ? "create" : there.role.connections === connections ? "none" : "update",
            kind: "Database",
            name,
            summary: `PostgreSQL 18, ${connections} connections`,
          },
        ],
        problems: [
          ...(wanted.name.startsWith("pg-")
            ? [{ about: wanted.name, reason: "no role of PostgreSQL may begin with pg_", mend: "Choose another name." }]
            : []),
          ...(foreign || (wanted.id === "" && there.role !== undefined)
            ? [{ about: wanted.name, reason: `there is a database ${name} already`, mend: "Choose another name." }]
            : []),
          ...(there.taken + connections > MOST_CONNECTIONS
            ? [
                {
                  about: wanted.class,
                  reason: `${connections} connections are more than the ${MOST_CONNECTIONS - there.taken} that are left`,
                  mend: "Choose a smaller class, or make another smaller.",
                },
              ]
            : []),
        ],
      };
    },

    async apply(work, wanted, secrets) {
      const name = nameOf(wanted);
      const { connections } = wanted.inputs as Inputs;
      return server.use(async (admin, at) => {
        await ensureRole(admin, wanted, secrets, connections);
        const [database] = (await admin.query<{ owner: string }>(OWNER_OF, [name])).rows;
        // Our role owns it, so it is ours: also where a crash came between making it and writing that down.
        if (database !== undefined && database.owner !== name) throw foreign(name);
        if (database === undefined) {
          await admin.query(`create database ${quote(name)} owner ${quote(name)}`);
          await work.say(`The database ${name} was made.`);
        }
        await admin.query(`revoke all on database ${quote(name)} from public`);
        return { facts: { engine: "PostgreSQL 18", host: at.host, port: at.port, database: name, user: name } };
      });
    },

    async destroy(work, wanted) {
      const name = nameOf(wanted);
      await server.use(async (admin) => {
        const role = await readRole(admin, name);
        if (role === undefined) return;
        if (role.mark !== markOf(wanted)) throw foreign(name);
        await admin.query(`drop database if exists ${quote(name)} with (force)`);
        await admin.query(`drop role if exists ${quote(name)}`);
        await work.say(`The database ${name} is gone, with its role.`);
      });
    },

    read: (_work, wanted, secrets) => server.use((admin, at) => look(admin, at, wanted, secrets)),

    variables(facts, { password }) {
      if (password === undefined || typeof facts["database"] !== "string") return {};
      const name = facts["database"];
      const host = typeof facts["host"] === "string" ? facts["host"] : "127.0.0.1";
      const port = String(server.port() ?? facts["port"]);
      return {
        DATABASE_URL: `postgresql://${name}:${encodeURIComponent(password)}@${host}:${port}/${name}`,
        PGHOST: host,
        PGPORT: port,
        PGDATABASE: name,
        PGUSER: name,
        PGPASSWORD: password,
      };
    },
  };
}

const OWNER_OF = "select pg_get_userbyid(datdba) as owner from pg_database where datname = $1";

/** Role and database have one name: by TCP a role reaches the database of its name only. At most 63 letters by the bounds of its parts. */
function nameOf({ name, environment }: Wanted): string {
  return `${name}__${environment}`.replaceAll("-", "_");
}

function markOf({ id }: Wanted): string {
  return `roadbed resource ${id}`;
}

function foreign(name: string): ConflictError {
  return new ConflictError(`There is a database ${name} already, which this resource did not make.`, { mend: "Choose another name." });
}

interface Role extends Record<string, unknown> {
  readonly mark: string | null;
  readonly connections: number;
  readonly rights: string[];
}

async function readRole(admin: Database, name: string): Promise<Role | undefined> {
  const { rows } = await admin.query<Role>(
    `select shobj_description(oid, 'pg_authid') as mark, rolconnlimit as connections,
       array_remove(array[case when rolsuper then 'superuser' end, case when rolcreatedb then 'createdb' end, case when rolcreaterole then 'createrole' end,
         case when rolreplication then 'replication' end, case when rolbypassrls then 'bypassrls' end,
         case when not rolcanlogin then 'nologin' end], null) as rights
     from pg_roles where rolname = $1`,
    [name],
  );
  return rows[0];
}

async function sizeOf(admin: Database, name: string): Promise<number | undefined> {
  const { rows } = await admin.query<{ size: string }>("select pg_database_size(oid)::text as size from pg_database where datname = $1", [
    name,
  ]);
  return rows[0] === undefined ? undefined : Number(rows[0].size);
}

/** Connections that other roles were promised. */
async function taken(admin: Database, name: string): Promise<number> {
  const { rows } = await admin.query<{ n: number }>(
    "select coalesce(sum(rolconnlimit), 0)::int as n from pg_roles where rolconnlimit > 0 and rolname <> $1",
    [name],
  );
  return rows[0]?.n ?? 0;
}

/** The role with its mark in one transaction, so that there is none without. */
async function ensureRole(admin: Database, wanted: Wanted, { password }: Secrets, connections: number): Promise<void> {
  if (password === undefined) throw new InvalidError("The database's password is not known.");
  const name = nameOf(wanted);
  await admin.transaction(async (sql) => {
    await sql.query("select pg_advisory_xact_lock(7623041)");
    const { rows } = await sql.query<{ mark: string | null }>(
      "select shobj_description(oid, 'pg_authid') as mark from pg_roles where rolname = $1",
      [name],
    );
    if (rows[0] !== undefined && rows[0].mark !== markOf(wanted)) throw foreign(name);
    if (rows[0] === undefined) {
      await sql.query(`create role ${quote(name)}`);
      await sql.query(`comment on role ${quote(name)} is '${markOf(wanted).replaceAll("'", "''")}'`);
    }
    await sql.query(
      `alter role ${quote(name)} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls connection limit ${connections} password '${password.replaceAll("'", "''")}'`,
    );
  });
}

async function look(
  admin: Database,
  at: { readonly host: string; readonly port: number },
  wanted: Wanted,
  secrets: Secrets,
): Promise<Seen> {
  const name = nameOf(wanted);
  const { connections, sizeMb } = wanted.inputs as Inputs;
  const [role, size] = [await readRole(admin, name), await sizeOf(admin, name)];
  const facts: Facts = { engine: "PostgreSQL 18", host: at.host, port: at.port, database: name, user: name };
  if (role === undefined || size === undefined) {
    return { state: "gone", words: role === undefined ? "The role is gone" : "The database is gone", facts, drift: [] };
  }
  const used =
    (await admin.query<{ n: number }>("select count(*)::int as n from pg_stat_activity where datname = $1", [name])).rows[0]?.n ?? 0;
  const drift: ResourceDrift[] = [];
  if (role.connections !== connections)
    drift.push({ what: "connections", wanted: String(connections), found: role.connections < 0 ? "no limit" : String(role.connections) });
  if (role.rights.length > 0)
    drift.push({ what: "rights of the role", wanted: "none but its own database", found: role.rights.join(", ") });
  const owner = (await admin.query<{ owner: string }>(OWNER_OF, [name])).rows[0]?.owner;
  if (owner !== name) drift.push({ what: "owner of the database", wanted: name, found: owner ?? "nobody" });
  if (size > sizeMb * 1024 * 1024) drift.push({ what: "size", wanted: `at most ${sizeMb} MB`, found: megabytes(size) });
  if (!(await logsIn(at, name, secrets["password"])))
    drift.push({ what: "password", wanted: "the one that was given", found: "another one" });
  return {
    state: "present",
    words: `${megabytes(size)}, ${used} of ${role.connections < 0 ? "unlimited" : role.connections} connections`,
    facts: { ...facts, bytes: size, connections: used },
    drift,
  };
}

/** False only for a password that is refused: with all connections in use nobody comes in, and that is no drift. */
async function logsIn({ host, port }: { readonly host: string; readonly port: number }, name: string, password = ""): Promise<boolean> {
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const db = openDatabase({
    url: `postgresql://${name}:${encodeURIComponent(password)}@${host}:${port}/${name}`,
    log: silent,
    max: 1,
    patienceMs: 0,
  });
  try {
    await db.query("select 1");
    return true;
  } catch (error) {
    const { code } = ((error as Error).cause ?? error) as { code?: string };
    return !(code === "28P01" || code === "28000") || isConnectionLost(error);
  } finally {
    await db.close();
  }
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
