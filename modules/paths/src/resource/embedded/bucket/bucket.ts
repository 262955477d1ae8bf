import type { ResourceDrift } from "@roadbed/contracts/paths/resources";
import { ConflictError, InvalidError, type Logger } from "@roadbed/core";
import type { Sealer } from "@roadbed/postgres";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";

import type { Facts, Provisioner, Seen, Wanted } from "../../provisioner.ts";
import { countWords, sizeWords } from "../../size-words.ts";
import type { DatabaseServer } from "../database-server.ts";
import { createBlobStore } from "./blob-store.ts";
import { createBucketDoor, type BucketDoor } from "./bucket-door.ts";
import { createBucketIndex } from "./bucket-index.ts";
import type { BucketRow } from "./bucket-rows.ts";

const Inputs = z.strictObject({
  sizeMb: z.number().int().min(1).max(10_000_000).default(1024).describe("How much it holds; more is refused"),
  objects: z.number().int().min(1).max(100_000_000).default(100_000).describe("How many objects it holds; one more is refused"),
});
type Inputs = z.output<typeof Inputs>;

const REGION = "local";
const MB = 1024 * 1024;

export interface Buckets {
  readonly provisioner: Provisioner;
  readonly door: BucketDoor;
}

/** Buckets: a folder for each below `dataDir`, reached by S3's REST API with a key and a secret of its own. */
export function createBuckets({
  dataDir,
  databases,
  sealer,
  log,
}: {
  readonly dataDir: string;
  readonly databases: DatabaseServer;
  readonly sealer: Sealer;
  readonly log: Logger;
}): Buckets {
  const index = createBucketIndex(databases);
  const blobs = createBlobStore(dataDir);
  const subjectOf = (resource: string): string => `bucket:${resource}`;
  const secretOf = ({ sealed, resource }: BucketRow): Promise<string> => sealer.open<string>(sealed, subjectOf(resource));
  const door = createBucketDoor({ root: dataDir, index, blobs, secretOf, log });
  const find = async (wanted: Wanted): Promise<BucketRow | undefined> => (databases.exists() ? index.find(bucketOf(wanted)) : undefined);

  const provisioner: Provisioner = {
    id: "embedded-bucket",
    description: "A bucket in the data folder, reached at this machine by S3's REST API with a key and a secret of its own.",
    inputs: Inputs,
    prepare: (_wanted, before) =>
      before["secretAccessKey"] === undefined
        ? { accessKeyId: `RB${randomBytes(9).toString("hex").toUpperCase()}`, secretAccessKey: randomBytes(30).toString("base64url") }
        : before,

    async plan(_work, wanted, _secrets, act) {
      const name = bucketOf(wanted);
      const there = await find(wanted);
      if (act === "destroy") {
        const held = there === undefined ? ", which is gone already" : ` with ${heldWords(there)}`;
        const changes = there === undefined ? [] : [{ action: "delete" as const, kind: "Bucket", name, summary: heldWords(there) }];
        return { words: `Takes away the bucket ${name}${held}.`, changes, problems: [] };
      }
      const { sizeMb, objects } = wanted.inputs as Inputs;
      const summary = `up to ${sizeWords(sizeMb * MB)} and ${countWords(objects)} objects`;
      const same = there !== undefined && Number(there.most_bytes) === sizeMb * MB && Number(there.most_objects) === objects;
      return {
        words: `${there === undefined ? "Makes" : "Sees to"} the bucket ${name}: ${summary}.`,
        changes: [{ action: there === undefined ? "create" : same ? "none" : "update", kind: "Bucket", name, summary }],
        problems: problemsOf(wanted, there),
      };
    },

    async apply(work, wanted, { accessKeyId, secretAccessKey }) {
      if (accessKeyId === undefined || secretAccessKey === undefined) throw new InvalidError("The bucket's credentials are not known.");
      const { sizeMb, objects } = wanted.inputs as Inputs;
      const name = bucketOf(wanted);
      const { port } = await door.open();
      const there = await find(wanted);
      if (there !== undefined && there.resource !== wanted.id) throw taken(name);
      await blobs.ensure(wanted.id);
      const sealed = await sealer.seal(secretAccessKey, subjectOf(wanted.id));
      const made = await index.ensure({
        name,
        resource: wanted.id,
        access_key: accessKeyId,
        sealed,
        mostBytes: sizeMb * MB,
        mostObjects: objects,
      });
      if (made) await work.say(`The bucket ${name} was made.`);
      return { facts: factsOf(name, port, wanted.id) };
    },

    async destroy(work, wanted) {
      // First nobody finds it any more, then its files go: a crash in between leaves what the next time takes away.
      const gone = databases.exists() && (await index.remove(bucketOf(wanted), wanted.id));
      await blobs.removeAll(wanted.id);
      if (gone) await work.say(`The bucket ${bucketOf(wanted)} is gone, with all that was in it.`);
    },

    async read(_work, wanted, secrets) {
      const name = bucketOf(wanted);
      const [there, files] = [await find(wanted), await blobs.list(wanted.id)];
      const facts = factsOf(name, (await door.open()).port, wanted.id);
      if (there === undefined || there.resource !== wanted.id) return { state: "gone", words: "The bucket is gone", facts, drift: [] };
      if (files === undefined) return { state: "gone", words: "Its folder is gone", facts, drift: [] };
      const held = new Set(files);
      return lookAt(there, facts, wanted.inputs as Inputs, {
        missing: [...(await index.blobs(name))].filter((blob) => !held.has(blob)).length,
        credentials: there.access_key === secrets["accessKeyId"] && (await secretOf(there)) === secrets["secretAccessKey"],
      });
    },

    variables(facts, { accessKeyId, secretAccessKey }) {
      if (accessKeyId === undefined || secretAccessKey === undefined || typeof facts["bucket"] !== "string") return {};
      return {
        S3_BUCKET: facts["bucket"],
        AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${door.port() ?? String(facts["port"])}`,
        AWS_REGION: REGION,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        // Clients of Amazon's send bodies in signed chunks otherwise, which the door does not take.
        AWS_REQUEST_CHECKSUM_CALCULATION: "when_required",
      };
    },
  };
  return { provisioner, door };
}

/** Two dashes: no name and no environment has them, so no two pairs have one name. */
export function bucketOf({ name, environment }: Pick<Wanted, "name" | "environment">): string {
  return `${name}--${environment}`;
}

function factsOf(bucket: string, port: number, id: string): Facts {
  return { bucket, endpoint: `http://127.0.0.1:${port}`, port, region: REGION, folder: join("resources", "buckets", id) };
}

function problemsOf(wanted: Wanted, there: BucketRow | undefined): { about: string; reason: string; mend: string }[] {
  if (there === undefined) return [];
  if (there.resource !== wanted.id)
    return [{ about: wanted.name, reason: `there is a bucket ${there.name} already`, mend: "Choose another name." }];
  const { sizeMb, objects } = wanted.inputs as Inputs;
  if (Number(there.bytes) <= sizeMb * MB && Number(there.objects) <= objects) return [];
  return [
    {
      about: wanted.class,
      reason: `it holds ${heldWords(there)}, which is more than ${wanted.type}/${wanted.class} does`,
      mend: "Take something out of it first, or choose a larger class.",
    },
  ];
}

function lookAt(
  there: BucketRow,
  facts: Facts,
  { sizeMb, objects }: Inputs,
  o: { readonly missing: number; readonly credentials: boolean },
): Seen {
  const drift: ResourceDrift[] = [];
  if (Number(there.most_bytes) !== sizeMb * MB)
    drift.push({ what: "size", wanted: `up to ${sizeWords(sizeMb * MB)}`, found: `up to ${sizeWords(Number(there.most_bytes))}` });
  if (Number(there.most_objects) !== objects)
    drift.push({ what: "objects", wanted: `up to ${objects}`, found: `up to ${there.most_objects}` });
  if (!o.credentials) drift.push({ what: "credentials", wanted: "those that were given", found: "others" });
  if (o.missing > 0) drift.push({ what: "files", wanted: "one for each object", found: `${o.missing} missing` });
  return {
    state: "present",
    words: `${heldWords(there)} of ${sizeWords(sizeMb * MB)}`,
    facts: { ...facts, bytes: Number(there.bytes), objects: Number(there.objects) },
    drift,
  };
}

function heldWords({ objects, bytes }: BucketRow): string {
  return `${objects} ${objects === "1" ? "object" : "objects"}, ${sizeWords(Number(bytes))}`;
}

function taken(name: string): ConflictError {
  return new ConflictError(`There is a bucket ${name} already, which this resource did not make.`, { mend: "Choose another name." });
}
