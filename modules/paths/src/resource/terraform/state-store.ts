import { ConflictError } from "@roadbed/core";
import type { Database, Sealer } from "@roadbed/postgres";
import { hostname } from "node:os";
import { z } from "zod";

const State = z.looseObject({
  version: z.number(),
  serial: z.number().int(),
  lineage: z.string(),
  resources: z.array(z.unknown()).default([]),
});

/** Terraform's state of one resource: sealed, every version kept, and one at a time works with it. */
export interface StateStore {
  /** The newest; undefined before the first. */
  read(id: string): Promise<string | undefined>;
  /** Keeps a version unless it is the newest already. Throws `ConflictError` for one of another lineage, or an older one. */
  keep(id: string, text: string, generation: number): Promise<void>;
  /** Alone with it. Throws `ConflictError` when somebody else is at it for longer than `waitMs`. */
  alone<T>(id: string, waitMs: number, work: () => Promise<T>): Promise<T>;
  /** An apply begins, in that folder of this machine. */
  begin(id: string, generation: number, folder: string): Promise<void>;
  /** Its state is kept. */
  done(id: string): Promise<void>;
  /** One that began and was not done: where it was. */
  interrupted(id: string): Promise<{ readonly generation: number; readonly folder: string; readonly here: boolean } | undefined>;
}

/** So many versions are kept; the newest is never among those that go. */
const KEPT = 20;

export function createStateStore({ db, sealer }: { readonly db: Database; readonly sealer: Sealer }): StateStore {
  const newest = async (id: string): Promise<{ text: string; serial: number; lineage: string } | undefined> => {
    const { rows } = await db.query<{ serial: string; lineage: string; sealed: Buffer }>(
      "select serial::text, lineage, sealed from paths.terraform_state where resource_id = $1 order by n desc limit 1",
      [id],
    );
    if (rows[0] === undefined) return undefined;
    return { text: await sealer.open<string>(rows[0].sealed, `state:${id}`), serial: Number(rows[0].serial), lineage: rows[0].lineage };
  };
  return {
    read: async (id) => (await newest(id))?.text,
    async keep(id, text, generation) {
      const state = State.parse(JSON.parse(text));
      const before = await newest(id);
      if (before?.text === text) return;
      if (before !== undefined && (before.lineage !== state.lineage || before.serial > state.serial)) {
        throw new ConflictError(`The state of ${id} is not a later one of what is kept (serial ${state.serial} after ${before.serial}).`);
      }
      await db.query(
        "insert into paths.terraform_state (resource_id, serial, lineage, sealed, generation, at) values ($1, $2, $3, $4, $5, now())",
        [id, state.serial, state.lineage, await sealer.seal(text, `state:${id}`), generation],
      );
      await db.query(
        `delete from paths.terraform_state where resource_id = $1 and n not in
           (select n from paths.terraform_state where resource_id = $1 order by n desc limit ${KEPT})`,
        [id],
      );
    },
    async alone(id, waitMs, work) {
      // Of the session: it goes with the process, whatever becomes of that.
      const client = await db.pool.connect();
      let held = false;
      try {
        for (const until = Date.now() + waitMs; ;) {
          const { rows } = await client.query<{ got: boolean }>("select pg_try_advisory_lock(7623042, hashtext($1)) as got", [id]);
          held = rows[0]?.got === true;
          if (held) break;
          if (Date.now() > until)
            throw new ConflictError(`Somebody else works with the state of ${id}.`, { mend: "Try again when that has ended." });
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
        return await work();
      } finally {
        if (held) await client.query("select pg_advisory_unlock(7623042, hashtext($1))", [id]).catch(() => {});
        client.release();
      }
    },
    async begin(id, generation, folder) {
      await db.query(
        `insert into paths.terraform_apply (resource_id, generation, folder, host, begun_at) values ($1, $2, $3, $4, now())
         on conflict (resource_id) do update set generation = excluded.generation, folder = excluded.folder, host = excluded.host, begun_at = now()`,
        [id, generation, folder, hostname()],
      );
    },
    done: async (id) => void (await db.query("delete from paths.terraform_apply where resource_id = $1", [id])),
    async interrupted(id) {
      const { rows } = await db.query<{ generation: number; folder: string; host: string }>(
        "select generation, folder, host from paths.terraform_apply where resource_id = $1",
        [id],
      );
      return rows[0] && { generation: rows[0].generation, folder: rows[0].folder, here: rows[0].host === hostname() };
    },
  };
}
