/**
 * A process that reads one source, for tests that kill it. Arguments: the database's address, the source, how many entities it says,
 * and a mark that they carry. Sends `reading` when half of the source is read and `written` when its answer has come.
 */
import { syncSource } from "@roadbed/contracts/catalog";
import { perform } from "@roadbed/core";
import { createRuntime, openDatabase } from "@roadbed/postgres";

import { createCatalog } from "../index.ts";
import { defines, scriptedConnector } from "./scripted-connector.ts";

const [url = "", sourceId = "", count = "0", mark = ""] = process.argv.slice(2);
const log = { debug() {}, info() {}, warn() {}, error() {} };
const db = openDatabase({ url, log, max: 4 });
const runtime = createRuntime({ db, log, may: async () => {} });

const entity = (n: number) => ({
  apiVersion: "backstage.io/v1alpha1",
  kind: "Component",
  metadata: { name: `e${n}`, description: mark },
  spec: { type: "service", lifecycle: "x", owner: "team-a" },
});
const readings = Array.from({ length: Number(count) }, (_, n) => defines(entity(n)));
const half = readings.length >> 1;
const script = { readings: [...readings.slice(0, half), () => void process.send?.("reading"), ...readings.slice(half)], reads: [] };
const catalog = createCatalog({ db, runtime, log, connectors: [scriptedConnector(script)], outbound: () => fetch, tickMs: 0 });

const handler = catalog.handlers.find(({ operation }) => operation === syncSource)!;
await perform(runtime, handler, runtime.system("test"), { id: sourceId });
process.send?.("written");
// Stands until it is killed.
setInterval(() => {}, 1_000);
