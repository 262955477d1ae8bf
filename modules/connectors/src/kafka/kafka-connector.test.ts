import { afterAll, afterEach, beforeEach, expect, test } from "vitest";

import { callWith, createCel, entitiesOf, readAll } from "../lib/connector.suite.ts";
import { openDouble, type Double, type Reply } from "../lib/double.ts";
import { kafkaConnector, KafkaSettings } from "./kafka-connector.ts";

const cel = createCel();
afterAll(() => cel.close());
let double: Double;
let clusters: string[];
let pages: Record<string, object[]>;
let faults: Reply[];
/** A double of the REST API (v3): pages of two, whose next address is the one inside its own network. */
beforeEach(async () => {
  clusters = ["c1"];
  faults = [];
  pages = {
    topics: ["orders", "invoices", "_schemas", "returns"].map((topic_name) => ({
      kind: "KafkaTopic",
      topic_name,
      is_internal: false,
      partitions_count: 6,
      replication_factor: 3,
    })),
    "consumer-groups": [
      { consumer_group_id: "billing-consumer", state: "STABLE" },
      { consumer_group_id: "console-123", state: "EMPTY" },
      { consumer_group_id: "Shipping", state: "STABLE" },
    ],
    "consumer-groups/billing-consumer/lags": [0, 1, 2].map((partition_id) => ({ topic_name: "orders", partition_id, lag: 5 })),
    "consumer-groups/console-123/lags": [{ topic_name: "orders" }],
    "consumer-groups/Shipping/lags": [{ topic_name: "orders" }, { topic_name: "returns" }],
  };
  double = await openDouble(({ url, headers }) => {
    const fault = faults.shift();
    if (fault) return fault;
    if (headers.authorization !== `Basic ${Buffer.from("key:s3cret").toString("base64")}`)
      return { status: 401, body: { error_code: 401 } };
    if (url.pathname === "/kafka/v3/clusters")
      return { body: { kind: "KafkaClusterList", metadata: {}, data: clusters.map((cluster_id) => ({ cluster_id })) } };
    const items = pages[url.pathname.replace("/kafka/v3/clusters/c1/", "")];
    if (!items) return { status: 404, body: { error_code: 404 } };
    const start = Number(url.searchParams.get("page_token") ?? 0);
    const next = start + 2 < items.length ? `http://kafka-rest-1:8086${url.pathname}?page_token=${start + 2}` : null;
    return { body: { metadata: { next }, data: items.slice(start, start + 2) } };
  });
});
afterEach(() => double.close());

const settings = (over: object = {}) => ({ url: `${double.url}/kafka/`, username: "key", password: "s3cret", ...over });
const known = (refs: readonly string[]) => ({
  find: async (asked: object) =>
    ((asked as { refs: string[] }).refs ?? []).filter((ref) => refs.includes(ref)).map((ref) => ({ ref, annotations: {} })),
});
const read = (over: object = {}, state = {}) =>
  readAll(kafkaConnector, settings(over), callWith(cel, { state, ...known(["component:default/billing", "component:default/shipping"]) }));

test("topics are read over their pages, with the components whose consumer groups read them", async () => {
  const readings = await read();
  const [orders, invoices, returns] = entitiesOf(readings).map(({ entity }) => entity);
  expect(entitiesOf(readings).map(({ entity }) => entity.metadata.title)).toEqual(["orders", "invoices", "returns"]);
  expect(orders).toMatchObject({
    kind: "Resource",
    metadata: { name: expect.stringMatching(/^orders-[0-9a-f]{8}$/), annotations: { "kafka.apache.org/cluster-id": "c1" } },
    spec: {
      type: "kafka-topic",
      partitions: 6,
      replication: 3,
      dependencyOf: ["component:default/billing", "component:default/shipping"],
      consumerGroups: [
        { group: "Shipping", state: "STABLE" },
        // Over its three partitions; of the other group no lag is told.
        { group: "billing-consumer", state: "STABLE", lag: 15 },
      ],
      consumerLag: 15,
    },
  });
  expect(invoices?.spec).not.toHaveProperty("dependencyOf");
  expect(returns?.spec?.["dependencyOf"]).toEqual(["component:default/shipping"]);
  expect(readings.at(-1)).toEqual({ type: "state", state: { cluster: "c1" } });
});

test("an API that tells nothing of consumers still tells its topics", async () => {
  pages = { topics: pages["topics"]! };
  expect(entitiesOf(await read())).toHaveLength(3);
});

test("a cluster without topics is answered as it is; another cluster, none and several are refused", async () => {
  pages["topics"] = [];
  expect(entitiesOf(await read())).toEqual([]);
  await expect(read({}, { cluster: "c0" })).rejects.toMatchObject({ code: "CONFLICT" });
  clusters = [];
  await expect(read()).rejects.toMatchObject({ code: "UNAVAILABLE" });
  clusters = ["c1", "c2"];
  await expect(read()).rejects.toMatchObject({ code: "INVALID", message: expect.stringContaining("c1, c2") });
  expect(entitiesOf(await read({ cluster: "c1" }))).toEqual([]);
});

test("answers that are none end the reading", async () => {
  const wrong: [Reply, string][] = [
    [{ status: 500, body: {} }, "UNAVAILABLE"],
    [{ status: 429, headers: { "retry-after": "3" } }, "TOO_MANY"],
    [{ body: '{"data": [' }, "UNAVAILABLE"],
    [{ body: { kind: "KafkaTopicList" } }, "UNAVAILABLE"],
    [{ status: 403, body: {} }, "INVALID"],
  ];
  for (const [fault, code] of wrong) {
    faults.push(fault);
    await expect(read({ cluster: "c1" })).rejects.toMatchObject({ code });
  }
  await expect(read({ password: "other" })).rejects.toMatchObject({ code: "INVALID" });
});

test("a pattern needs a group that names the component", () => {
  expect(() => KafkaSettings.parse({ url: "https://kafka.example.com", groupPattern: "^x" })).toThrow("one group");
  expect(() => KafkaSettings.parse({ url: "https://kafka.example.com", groupPattern: "(" })).toThrow("one group");
});
