import { once } from "node:events";
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";

import { ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startTestEngine, type TestEngine } from "../fixtures/start-test-engine.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
  await engine.client.command({ query: "create table t (a UInt32, s String) engine = MergeTree order by a" });
});
afterAll(() => engine.close());

const rowsOf = async (sql: string) => (await engine.client.query({ query: sql, format: "JSONEachRow" })).json<Record<string, unknown>>();
const rowBinary = (...values: number[]) => Buffer.concat(values.map((n) => Buffer.from([n, 0, 0, 0, 1, 65 + n])));
const emptied = () => engine.client.command({ query: "truncate table t" });

describe("the unmodified client", () => {
  test("pings, asks, and is refused with a wrong key", async () => {
    expect(await engine.client.ping()).toEqual({ success: true });
    expect(await engine.client.ping({ select: true })).toEqual({ success: true });
    const stranger = createClient({ url: engine.server.url, password: "wrong", log: { level: ClickHouseLogLevel.OFF } });
    await expect(stranger.query({ query: "select 1" })).rejects.toMatchObject({ code: "516", type: "AUTHENTICATION_FAILED" });
    await stranger.close();
  });

  test.each([
    ["selekt 1", "62", "SYNTAX_ERROR"],
    ["select * from nowhere", "60", "UNKNOWN_TABLE"],
    ["select sleep(3) settings max_execution_time = 1, function_sleep_max_microseconds_per_block = 9000000", "159", "TIMEOUT_EXCEEDED"],
    ["select groupArray(number) from numbers(100000000) settings max_memory_usage = 10000000", "241", "MEMORY_LIMIT_EXCEEDED"],
    ["select {x:UInt8}", "456", "UNKNOWN_QUERY_PARAMETER"],
  ])("reads code and type of the error of %s", async (query, code, type) => {
    await expect(engine.client.command({ query })).rejects.toMatchObject({ code, type });
  });

  test("inserts rows, streams, CSV and binary, packed or not", async () => {
    await emptied();
    const packing = createClient({
      url: engine.server.url,
      password: engine.server.password,
      compression: { request: true, response: true },
    });
    await engine.client.insert({ table: "t", values: [{ a: 1, s: "x;'" }], format: "JSONEachRow" });
    await engine.client.insert({ table: "t", values: Readable.from([{ a: 2, s: "y" }]), columns: ["a", "s"], format: "JSONEachRow" });
    await packing.insert({ table: "t", values: Readable.from(["3,z\n"], { objectMode: false }), format: "CSV" });
    const binary = { query: "insert into t format RowBinary", values: Readable.from([rowBinary(4)], { objectMode: false }) };
    (await packing.exec(binary)).stream.resume();
    await engine.client.command({ query: "insert into t values (5, 'v')" });
    await engine.client.insert({ table: "t", values: [], format: "JSONEachRow" });
    await expect
      .poll(() => rowsOf("select groupArray(a) as a, groupArray(s) as s from (select * from t order by a)"))
      .toEqual([{ a: [1, 2, 3, 4, 5], s: ["x;'", "y", "z", "E", "v"] }]);
    const packed = await packing.query({ query: "select number from numbers(3)", format: "JSON" });
    expect(await packed.json()).toMatchObject({ rows: 3 });
    await packing.close();
  });

  test("tells how much was written", async () => {
    const { summary } = await engine.client.insert({ table: "t", values: [{ a: 1 }, { a: 2 }], format: "JSONEachRow" });
    expect(summary).toMatchObject({ written_rows: "2" });
  });

  test("sends parameters as a form", async () => {
    const form = new FormData();
    form.set("query", "select {x:String}");
    form.set("param_x", "by form");
    const body = new Response(form);
    const headers = { "content-type": body.headers.get("content-type") ?? "" };
    expect((await engine.post("", {}, { body: await body.text(), headers })).text).toBe("by form\n");
  });
});

describe("inserts", () => {
  test("a body that is not valid inserts nothing and says which fault", async () => {
    await emptied();
    const put = (body: Uint8Array<ArrayBuffer>) => engine.post("", { query: "insert into t format RowBinary" }, { body });
    expect((await put(new Uint8Array(rowBinary(1, 2).subarray(0, 9)))).text).toMatch(/^Code: (?:32|33)\./);
    expect((await put(new Uint8Array(Buffer.concat([rowBinary(1), Buffer.alloc(7, 255)])))).status).not.toBe(200);
    expect(await rowsOf("select count() as n from t")).toEqual([{ n: expect.anything() }]);
    expect((await engine.post("select count() from t")).text).toBe("0\n");
    expect((await put(new Uint8Array(rowBinary(1)))).status).toBe(200);
    expect((await engine.post("select count() from t")).text).toBe("1\n");
  });

  test("an upload that breaks off inserts nothing and leaves no file", async () => {
    await emptied();
    const { port } = new URL(engine.server.url);
    const socket = connect(Number(port), "127.0.0.1");
    await once(socket, "connect");
    const query = new URLSearchParams({ query: "insert into t format RowBinary" });
    socket.write(`POST /?${query} HTTP/1.1\r\nHost: x\r\nX-ClickHouse-Key: ${engine.server.password}\r\nContent-Length: 60\r\n\r\n`);
    socket.write(rowBinary(1, 2, 3));
    await expect.poll(() => readdirSync(join(engine.dataDir, "spool")).length).toBe(1);
    socket.destroy();
    await expect.poll(() => readdirSync(join(engine.dataDir, "spool")).length).toBe(0);
    expect((await engine.post("select count() from t")).text).toBe("0\n");
  });

  test("rows packed by gzip, and rows in the text of the statement", async () => {
    await emptied();
    const body = new Uint8Array(gzipSync(rowBinary(1, 2)));
    const packed = await engine.post("", { query: "insert into t format RowBinary" }, { body, headers: { "content-encoding": "gzip" } });
    expect(packed.status).toBe(200);
    expect((await engine.post(`insert into t format JSONEachRow\n{"a":3,"s":"'; drop table t"}`)).status).toBe(200);
    expect((await engine.post("select s from t where a = 3")).text).toBe("\\'; drop table t\n");
    expect((await engine.post("select count() from t")).text).toBe("3\n");
  });

  test("the same token inserts once", async () => {
    await engine.post(
      "create table once (a UInt32, s String) engine = MergeTree order by a settings non_replicated_deduplication_window = 100",
    );
    const put = (token: string) =>
      engine.post(
        "",
        { query: "insert into once format RowBinary", insert_deduplication_token: token },
        { body: new Uint8Array(rowBinary(1)) },
      );
    for (const token of ["one", "one", "two"]) expect((await put(token)).status).toBe(200);
    expect((await engine.post("select count() from once")).text).toBe("2\n");
  });
});

test("parts are on the disk before an insert is answered", async () => {
  const settings = "select groupArray(value) from system.merge_tree_settings where name in ('fsync_after_insert', 'fsync_part_directory')";
  expect((await engine.post(settings)).text).toBe("['1','1']\n");
});

test("memory is limited for the whole process, which survives the limit", async () => {
  const { text } = await engine.post("select groupArray(toString(number)) from numbers(200000000)");
  expect(text).toMatch(/^Code: 241\./);
  expect((await engine.post("select 1")).text).toBe("1\n");
});
