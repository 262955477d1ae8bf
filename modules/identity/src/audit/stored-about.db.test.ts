import { createTestDatabase, type TestDatabase } from "@roadbed/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

import { migrations } from "../index.ts";
import { storedAbout } from "./stored-about.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase([migrations]);
});
afterAll(() => database.drop());

test("everybody is told where their own name stands, and nobody of another's", async () => {
  for (const id of ["ada", "bob"]) {
    await database.db.query(
      "insert into identity.user_account (id, username, display_name, role, created_at) values ($1, $1, $1, 'developer', now())",
      [id],
    );
  }
  await database.db.query(
    `insert into identity.access_token (id, name, kind, owner_id, scopes, hash, created_at)
     values ('t1', 'laptop', 'personal', 'ada', '{}', 'x', now()), ('t2', 'phone', 'personal', 'ada', '{}', 'y', now())`,
  );
  const rowsOf = async (id: string) => {
    const stored = await storedAbout({ sql: database.db, actor: { kind: "user", id, name: id } });
    return Object.fromEntries(stored.map(({ where, rows }) => [where, rows]));
  };
  expect(await rowsOf("ada")).toEqual({ account: 1, sessions: 0, tokens: 2, "audit log": 0, events: 0 });
  expect(await rowsOf("bob")).toMatchObject({ account: 1, tokens: 0 });
  expect(await rowsOf("nobody")).toMatchObject({ account: 0, tokens: 0 });
});
