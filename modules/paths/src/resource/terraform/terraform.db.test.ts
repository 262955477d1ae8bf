import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { createSealer } from "@roadbed/postgres";
import { createTestDatabase, type TestDatabase } from "@roadbed/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { migrations } from "../../index.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import type { Provisioner, Wanted, Work } from "../provisioner.ts";
import { findTerraform } from "./binary.ts";
import { createStateStore, type StateStore } from "./state-store.ts";
import { makeTerraform } from "./terraform.ts";

// The provider that is built in needs no download and no cloud.
const MODULE = `
variable "name" { type = string }
variable "secret" {
  type      = string
  sensitive = true
}
resource "terraform_data" "one" { input = var.name }
resource "terraform_data" "two" { input = { of = terraform_data.one.output, secret = var.secret } }
output "place" { value = "at-\${terraform_data.one.output}" }
output "password" {
  value     = var.secret
  sensitive = true
}
`;
const HALFWAY = `
resource "terraform_data" "first" { input = "made" }
resource "terraform_data" "second" {
  depends_on = [terraform_data.first]
  input      = "s3cret-in-words"
  provisioner "local-exec" { command = "exit 3" }
}
`;
const SECRET = "correct-horse-battery";

let database: TestDatabase;
let states: StateStore;
let dataDir: string;
let count = 0;

beforeAll(async () => {
  database = await createTestDatabase([migrations]);
  dataDir = join(await temporaryFolder(), "terraform");
  const sealer = createSealer({ file: join(await temporaryFolder(), "key"), said: { what: "It", mend: "." } });
  states = createStateStore({ db: database.db, sealer });
});
afterAll(() => database.drop());

const said: string[] = [];
const work: Work = { signal: new AbortController().signal, say: async (words) => void said.push(words) };
const made = (over: Partial<Parameters<typeof makeTerraform>[0]> = {}): Provisioner => makeTerraform({ dataDir, states, ...over });

async function wantedOf(module: string, inputs: object = {}): Promise<Wanted> {
  const id = `res_${++count}`;
  await database.db.query(
    `insert into paths.resource (id, type, class, name, environment, entity_ref, owner, provisioner, state, actor, actor_detail, created_at, changed_at)
     values ($1, 'thing', 'small', $1, 'dev', 'resource:default/x', 'group:default/a', 'terraform', 'applying', 'user:ada', '{}', now(), now())`,
    [id],
  );
  const files = { "main.tf": Buffer.from(module).toString("base64") };
  const wanted = {
    id,
    type: "thing",
    class: "small",
    name: "orders",
    environment: "dev",
    owner: "group:default/a",
    consumer: undefined,
    files,
  };
  return { ...wanted, inputs: made().inputs.parse(inputs), facts: {}, generation: 1 };
}

test("a machine without the program says so before anything is begun", async () => {
  const plan = await made({ path: "" }).plan(work, await wantedOf(MODULE), {}, "apply");
  expect(plan.problems).toMatchObject([{ reason: expect.stringContaining("neither OpenTofu"), mend: expect.stringContaining("Install") }]);
});

describe.skipIf(findTerraform() === undefined)("with the program of this machine", () => {
  test("is planned, applied as planned, read back and taken away; what is secret lies nowhere open", async () => {
    const terraform = made();
    const wanted = await wantedOf(MODULE, { secret: SECRET });
    const plan = await terraform.plan(work, wanted, {}, "apply");
    expect(plan.changes.map(({ action, name }) => `${action} ${name}`)).toEqual(["create terraform_data.one", "create terraform_data.two"]);
    expect(plan.unknown).toContain("terraform_data.one.output");
    expect(JSON.stringify([plan.words, plan.changes, plan.unknown])).not.toContain(SECRET);
    expect(await states.read(wanted.id)).toBeUndefined();

    const { facts, secrets } = await terraform.apply(work, wanted, {}, plan);
    expect(facts).toEqual({ outputs: { place: "at-orders" }, sensitiveOutputs: ["password"] });
    expect(secrets).toEqual({ password: SECRET });
    expect(terraform.variables(facts, secrets!)).toEqual({ PLACE: "at-orders", PASSWORD: SECRET });
    const { rows } = await database.db.query<{ sealed: Buffer }>("select sealed from paths.terraform_state");
    expect(rows).toHaveLength(1);
    expect(rows[0]?.sealed.toString("latin1")).not.toContain("terraform_data");
    expect(await states.read(wanted.id)).toContain(SECRET);
    expect(readdirSync(dataDir)).toEqual([]);

    expect(await terraform.read(work, wanted, {})).toMatchObject({ state: "present", words: "2 things in its state", drift: [] });
    // The same plan once more is a plan of what is no longer so.
    await expect(terraform.apply(work, { ...wanted, generation: 2 }, {}, plan)).rejects.toThrow(/stale/i);
    expect(await states.interrupted(wanted.id)).toBeUndefined();
    expect((await terraform.plan(work, wanted, {}, "apply")).changes).toEqual([]);

    await terraform.destroy(work, wanted, {});
    expect(await terraform.read(work, wanted, {})).toMatchObject({ state: "gone" });
    await terraform.destroy(work, wanted, {});
  }, 120_000);

  test("a provider that fails halfway leaves what it made known, and it can go", async () => {
    const terraform = made();
    const wanted = await wantedOf(HALFWAY);
    const plan = await terraform.plan(work, wanted, {}, "apply");
    await expect(terraform.apply(work, wanted, {}, plan)).rejects.toMatchObject({
      code: "INVALID",
      message: expect.stringContaining("exit status 3"),
    });
    expect(JSON.parse((await states.read(wanted.id)) ?? "{}").resources).toHaveLength(2);
    expect((await terraform.plan(work, wanted, {}, "apply")).changes.map(({ action, name }) => `${action} ${name}`)).toEqual([
      "replace terraform_data.second",
    ]);
    await terraform.destroy(work, wanted, {});
    expect(await terraform.read(work, wanted, {})).toMatchObject({ state: "gone" });
  }, 120_000);

  test("an apply that ended before its state was kept is taken up, and nothing is made twice", async () => {
    const wanted = await wantedOf(MODULE, { secret: SECRET });
    // As a kill at that instant leaves it: applied, the state on disk only, and the note that it began.
    const dying = made({
      states: { ...states, keep: () => Promise.reject(new Error("killed")), done: () => Promise.reject(new Error("killed")) },
    });
    const plan = await dying.plan(work, wanted, {}, "apply");
    await expect(dying.apply(work, wanted, {}, plan)).rejects.toThrow("killed");
    expect(await states.read(wanted.id)).toBeUndefined();
    expect(existsSync(join(dataDir, wanted.id))).toBe(true);

    const { facts } = await made().apply(work, wanted, {}, plan);
    expect(facts).toMatchObject({ outputs: { place: "at-orders" } });
    const { rows } = await database.db.query("select serial from paths.terraform_state where resource_id = $1", [wanted.id]);
    expect(rows).toHaveLength(1);
    expect(existsSync(join(dataDir, wanted.id))).toBe(false);
    expect(await states.interrupted(wanted.id)).toBeUndefined();
  }, 120_000);

  test("two at once: the second waits for the first", async () => {
    const wanted = await wantedOf(MODULE, { secret: SECRET });
    let inside = 0;
    const alone = (): Promise<void> =>
      states.alone(wanted.id, 5_000, async () => {
        expect(++inside).toBe(1);
        await new Promise((resolve) => setTimeout(resolve, 300));
        inside--;
      });
    await Promise.all([alone(), alone()]);
    await states.alone(wanted.id, 0, () => expect(states.alone(wanted.id, 0, async () => {})).rejects.toMatchObject({ code: "CONFLICT" }));
  });
});
