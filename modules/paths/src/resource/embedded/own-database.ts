import type { ResourceDrift } from "@roadbed/contracts/paths/resources";
import { ConflictError, InvalidError } from "@roadbed/core";
import { isConnectionLost, openDatabase, type Database } from "@roadbed/postgres";
import { randomBytes } from "node:crypto";

import { sizeWords } from "../size-words.ts";
import type { Facts, Plan, Secrets, Seen, Wanted, Work } from "../provisioner.ts";
import type { DatabaseServer } from "./database-server.ts";

/** Where the server for made databases listens. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

/** What a role and its database are to be. */
export interface Bounds {
  readonly connections: number;
  readonly sizeMb: number;
  /** `role`: whoever uses it may do anything inside. `server`: only what they were granted. */
  readonly owner: "role" | "server";
}

/** All of them together; the rest is for the platform itself. */
const MOST_CONNECTIONS = 190;
const OWNER_OF = "select pg_get_userbyid(datdba) as owner from pg_database where datname = $1";

/** A password that an act which begins again uses again. */
export function preparePassword(_wanted: Wanted, before: Secrets): Secrets {
  return before["password"] === undefined ? { password: randomBytes(24).toString("base64url") } : before;
}

/** Role and database have one name: by TCP a role reaches the database of its name only. At most 63 letters by the bounds of its parts. */
export function nameOf({ name, environment }: Pick<Wanted, "name" | "environment">): string {
  return `${name}__${environment}`.replaceAll("-", "_");
}

/** What is there under the name that a resource would have. */
export interface Standing {
  readonly name: string;
  readonly role: Role | undefined;
  /** In bytes. */
  readonly size: number | undefined;
  /** Connections that other roles were promised. */
  readonly taken: number;
}

export async function standingOf(server: DatabaseServer, wanted: Wanted): Promise<Standing> {
  const name = nameOf(wanted);
  if (!server.exists()) return { name, role: undefined, size: undefined, taken: 0 };
  return server.use(async (admin) => ({
    name,
    role: await readRole(admin, name),
    size: await sizeOf(admin, name),
    taken: await taken(admin, name),
  }));
}

/** Why it cannot be made: a name that is taken or that Postgres has for itself, or more connections than are left. */
export function problemsOf(wanted: Wanted, there: Standing, connections: number): Plan["problems"] {
  const foreign = there.role !== undefined && (wanted.id === "" || there.role.mark !== markOf(wanted));
  return [
    ...(wanted.name.startsWith("pg-")
      ? [{ about: wanted.name, reason: "no role of PostgreSQL may begin with pg_", mend: "Choose another name." }]
      : []),
    ...(foreign ? [{ about: wanted.name, reason: `there is a database ${there.name} already`, mend: "Choose another name." }] : []),
    ...(there.taken + connections > MOST_CONNECTIONS
      ? [
          {
            about: wanted.class,
            reason: `${connections} connections are more than the ${Math.max(0, MOST_CONNECTIONS - there.taken)} that are left`,
            mend: "Choose a smaller class, or make another smaller.",
          },
        ]
      : []),
  ];
}

/** What a destruction would take away. */
export function planEnd({ name, size }: Standing, kind: string): Plan {
  return {
    words: `Takes away the ${kind.toLowerCase()} ${name}${size === undefined ? ", which is gone already" : ` with ${sizeWords(size)}`}.`,
    changes: size === undefined ? [] : [{ action: "delete", kind, name, summary: `${sizeWords(size)} and its role` }],
    problems: [],
  };
}

/** Role and database as they are to be; answers whether the database was made just now. What is there of another resource is left alone. */
export async function ensureDatabase(admin: Database, wanted: Wanted, secrets: Secrets, bounds: Bounds): Promise<boolean> {
  const name = nameOf(wanted);
  await ensureRole(admin, wanted, secrets, bounds.connections);
  const [database] = (await admin.query<{ owner: string }>(OWNER_OF, [name])).rows;
  // The role of its name is ours, so it is ours: also where a crash came between making it and writing that down.
  if (database !== undefined && bounds.owner === "role" && database.owner !== name) throw foreign(name);
  if (database === undefined) {
    await admin.query(`create database ${quote(name)}${bounds.owner === "role" ? ` owner ${quote(name)}` : ""}`);
  }
  await admin.query(`revoke all on database ${quote(name)} from public`);
  if (bounds.owner === "server") await admin.query(`grant connect on database ${quote(name)} to ${quote(name)}`);
  return database === undefined;
}

/** With its role; what is gone already is no error. */
export async function dropDatabase(server: DatabaseServer, work: Work, wanted: Wanted, kind: string): Promise<void> {
  const name = nameOf(wanted);
  await server.use(async (admin) => {
    const role = await readRole(admin, name);
    if (role === undefined) return;
    if (role.mark !== markOf(wanted)) throw foreign(name);
    await admin.query(`drop database if exists ${quote(name)} with (force)`);
    await admin.query(`drop role if exists ${quote(name)}`);
    await work.say(`The ${kind} ${name} is gone, with its role.`);
  });
}

export interface LookedAt extends Seen {
  readonly size: number;
  readonly connections: number;
}

/** Role, rights, owner, size and password as they are; the words are the caller's to add to. */
export async function lookAtDatabase(
  admin: Database,
  at: Place,
  wanted: Wanted,
  secrets: Secrets,
  { connections, sizeMb, owner: ownedBy }: Bounds,
): Promise<LookedAt> {
  const name = nameOf(wanted);
  const [role, size] = [await readRole(admin, name), await sizeOf(admin, name)];
  const facts = factsOf(at, name);
  if (role === undefined || size === undefined) {
    const words = role === undefined ? "The role is gone" : "The database is gone";
    return { state: "gone", words, facts, drift: [], size: 0, connections: 0 };
  }
  const used =
    (await admin.query<{ n: number }>("select count(*)::int as n from pg_stat_activity where datname = $1", [name])).rows[0]?.n ?? 0;
  const drift: ResourceDrift[] = [];
  if (role.connections !== connections)
    drift.push({ what: "connections", wanted: String(connections), found: role.connections < 0 ? "no limit" : String(role.connections) });
  if (role.rights.length > 0)
    drift.push({ what: "rights of the role", wanted: "none but its own database", found: role.rights.join(", ") });
  const owner = (await admin.query<{ owner: string }>(OWNER_OF, [name])).rows[0]?.owner;
  if (ownedBy === "role" ? owner !== name : owner === name)
    drift.push({ what: "owner of the database", wanted: ownedBy === "role" ? name : "the server", found: owner ?? "nobody" });
  if (size > sizeMb * 1024 * 1024)
    drift.push({ what: "size", wanted: `at most ${sizeWords(sizeMb * 1024 * 1024)}`, found: sizeWords(size) });
  if (!(await logsIn(at, name, secrets["password"])))
    drift.push({ what: "password", wanted: "the one that was given", found: "another one" });
  return {
    state: "present",
    words: `${sizeWords(size)}, ${used} of ${role.connections < 0 ? "unlimited" : role.connections} connections`,
    facts: { ...facts, bytes: size, connections: used },
    drift,
    size,
    connections: used,
  };
}

export function factsOf({ host, port }: Place, name: string): Facts {
  return { engine: "PostgreSQL 18", host, port, database: name, user: name };
}

/** By which a program finds it; without a password there is nothing to find. */
export function addressOf(
  facts: Facts,
  { password }: Secrets,
  port: number | undefined,
): { readonly url: string; readonly host: string; readonly port: string; readonly name: string; readonly password: string } | undefined {
  if (password === undefined || typeof facts["database"] !== "string") return undefined;
  const name = facts["database"];
  const host = typeof facts["host"] === "string" ? facts["host"] : "127.0.0.1";
  const now = String(port ?? facts["port"]);
  return { url: `postgresql://${name}:${encodeURIComponent(password)}@${host}:${now}/${name}`, host, port: now, name, password };
}

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function markOf({ id }: Wanted): string {
  return `roadbed resource ${id}`;
}

function foreign(name: string): ConflictError {
  return new ConflictError(`There is a database ${name} already, which this resource did not make.`, { mend: "Choose another name." });
}

export interface Role extends Record<string, unknown> {
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

/** False only for a password that is refused: with all connections in use nobody comes in, and that is no drift. */
async function logsIn({ host, port }: Place, name: string, password = ""): Promise<boolean> {
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
