/** Each test is a way in which the engine's binding leaks, blocks or obeys a stranger when it is used naively. */
import { setTimeout as delay } from "node:timers/promises";

import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startTestEngine, type TestEngine } from "../fixtures/start-test-engine.ts";

let engine: TestEngine;
beforeAll(async () => void (engine = await startTestEngine()));
afterAll(() => engine.close());

const SLOW = "select sum(sleepEachRow(0.1)) from numbers(30) settings max_block_size = 1";
const post: TestEngine["post"] = (...args) => engine.post(...args);
const processes = async () =>
  (await post("select count() from system.processes where query not like '%system.processes%'", { readonly: "1" })).text.trim();

describe("1: rows that a failed query left behind", () => {
  test.each(["JSON", "JSONEachRow", "CSV", "RowBinary"])("never reach the next query (%s)", async (format) => {
    for (let i = 0; i < 4; i++) {
      const failed = await post(`select number, throwIf(number = 400000) from numbers(500000) format ${format}`);
      expect(failed.status === 200 ? failed.text.includes("__exception__") : failed.status).toBeTruthy();
      expect((await post("select 42 as x format JSONEachRow")).text).toBe('{"x":42}\n');
    }
  });

  test("never reach anybody when many fail at once", async () => {
    const failing = () => post("select number, throwIf(number = 200000) from numbers(300000) format JSONCompact");
    const asking = async (i: number) => (await post(`select ${i} as x format JSONEachRow`)).text;
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => (i % 2 === 0 ? failing().then(() => undefined) : asking(i))),
    );
    for (const [i, answer] of answers.entries()) if (i % 2 === 1) expect(answer).toBe(`{"x":${i}}\n`);
  });

  test("a stream that breaks says so, and is not a short result", async () => {
    const result = await engine.client.query({
      query: "select number, throwIf(number = 400000) from numbers(500000) settings max_block_size = 1000",
      format: "JSONEachRow",
    });
    await expect(result.json()).rejects.toMatchObject({ code: "395" });
  });
});

describe("2: parameters", () => {
  test("of many queries at once do not mix", async () => {
    const ask = async (i: number) => {
      const result = await engine.client.query({
        query: "select {a:String} as a, {n:UInt64} as n, {l:Array(String)} as l",
        format: "JSONEachRow",
        query_params: { a: `it's "${i}"\t\\ \n`, n: i, l: [`x'${i}`] },
      });
      return result.json<{ a: string; n: string; l: string[] }>();
    };
    const answers = await Promise.all(Array.from({ length: 160 }, (_, i) => ask(i)));
    for (const [i, rows] of answers.entries()) expect(rows).toEqual([{ a: `it's "${i}"\t\\ \n`, n: expect.anything(), l: [`x'${i}`] }]);
    expect(answers.map(([row]) => Number(row?.n))).toEqual(answers.map((_, i) => i));
  });

  test("do not wait for another's slow query", async () => {
    let over = false;
    const slow = post("select sum(sleepEachRow({s:Float64})) from numbers(20) settings max_block_size = 1", { param_s: "0.1" });
    void slow.then(() => (over = true));
    expect((await post("select {x:UInt8}", { param_x: "7" })).text).toBe("7\n");
    expect(over).toBe(false);
    await slow;
  });

  test("of an earlier request are not there for the next", async () => {
    for (let i = 0; i < 20; i++) await post("select {secret:String}", { param_secret: "mine" });
    const { status, text } = await post("select {secret:String}");
    expect({ status, text }).toEqual({ status: 400, text: expect.stringMatching(/^Code: 456\..*UNKNOWN_QUERY_PARAMETER/s) });
  });
});

describe("3: settings", () => {
  const threads = async () => (await post("select getSetting('max_threads')")).text.trim();

  test("of a request end with it, also when it fails, and so does SET and USE", async () => {
    const before = await threads();
    for (const sql of ["select 1", "select throwIf(1)", "selekt"]) await post(sql, { max_threads: "3" });
    await post("SET max_threads = 5");
    await post("USE system");
    expect((await post("select getSetting('max_threads')", { max_threads: "3" })).text.trim()).toBe("3");
    for (let i = 0; i < 5; i++) expect(await threads()).toBe(before);
    expect((await post("select currentDatabase()")).text.trim()).toBe("default");
  });

  test("a temporary table lives in its own named session only", async () => {
    await post("create temporary table lonely (a UInt8)");
    expect((await post("select * from lonely")).status).toBe(404);
    await post("create temporary table mine as select 5 as a", { session_id: "s1" });
    expect((await post("select a from mine", { session_id: "s1" })).text).toBe("5\n");
    expect((await post("select a from mine", { session_id: "s2" })).status).toBe(404);
  });
});

describe("4: statements that reach further than they look", () => {
  test.each([
    "select 1 into outfile '/tmp/roadbed-outfile'",
    "select 1; create table planted (a UInt8) engine = Memory",
    "insert into function null('a String') from infile '/etc/hostname' format LineAsString",
    "kill query where 1 sync",
  ])("refused: %s", async (sql) => {
    expect((await post(sql)).status).toBe(400);
    expect((await post(sql, { readonly: "1" })).status).toBeGreaterThanOrEqual(400);
    expect((await post("exists table planted")).text).toBe("0\n");
  });

  test("what the lexer takes for one statement, the engine does too", async () => {
    await post("create table canary (a UInt8) engine = Memory");
    const part = fc.constantFrom(
      ..."' '' \\ \" ` -- // /* */ $a$ $ ‘ ’ “ ” x' b' { } 1 , \n \t".split(" "),
      " ",
      "\n",
      "# ",
      "#!",
      "\\'",
      "; insert into canary select 1;",
      "select 1",
      "\u00a0",
      "\ufeff",
    );
    const sql = fc.array(part, { maxLength: 12 }).map((parts) => `select 1 ${parts.join("")}`);
    await fc.assert(
      fc.asyncProperty(sql, async (text) => {
        await post(text);
        expect((await post("select count() from canary")).text).toBe("0\n");
      }),
      { numRuns: 400 },
    );
  });
});

describe("5: SQL of users", () => {
  const asUser = (sql: string, params: Record<string, string> = {}) => post(sql, { readonly: "1", ...params });

  test.each([
    "select * from file('/etc/passwd', 'LineAsString')",
    "select * from url('http://127.0.0.1:1/', 'LineAsString')",
    "select * from postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
    "insert into canary values (1)",
    "select 1 settings readonly = 0",
    "set readonly = 0",
    "kill query where 1",
    "system drop mark cache",
  ])("refused: %s", async (sql) => expect((await asUser(sql)).text).toMatch(/^Code: (?:164|48|62|497)\./));

  test("has limits that it cannot lift", async () => {
    expect((await asUser("select * from numbers(200000) format Null", { max_result_rows: "1000000" })).text).toMatch(/^Code: 396\./);
    expect((await asUser("select getSetting('max_execution_time')", { max_execution_time: "100000" })).text.trim()).toBe("30");
    expect((await asUser("select {x:String}", { param_x: "ok" })).text).toBe("ok\n");
  });

  test("does not make the next session read-only", async () => {
    await asUser("select 1");
    expect((await post("create table written (a UInt8) engine = Memory")).status).toBe(200);
  });
});

describe("6: cancelling", () => {
  test("the engine stops when the client goes", async () => {
    const gone = new AbortController();
    const running = engine.client.query({
      query: "select count() from numbers(1000000000000) where cityHash64(number) = 1",
      abort_signal: gone.signal,
    });
    running.catch(() => {});
    await expect.poll(processes).toBe("1");
    gone.abort();
    await expect(running).rejects.toThrow();
    await expect.poll(processes, { timeout: 5_000 }).toBe("0");
    expect((await post("select 1")).text).toBe("1\n");
  });

  test("KILL QUERY by the client's own query id", async () => {
    const running = post("select count() from numbers(1000000000000) where cityHash64(number) = 1 format JSON", { query_id: "it's mine" });
    await expect.poll(processes).toBe("1");
    await engine.client.command({ query: "KILL QUERY WHERE query_id = 'it\\'s mine' SYNC" });
    expect((await running).text).toMatch(/^Code: 394\./);
  });
});

describe("7: results larger than a chunk", () => {
  test.each(["CSVWithNames", "JSON", "JSONCompactEachRowWithNamesAndTypes", "Parquet"])("%s has one head", async (format) => {
    const query = `select number as n from numbers(200000)`;
    await post(`create table back (n UInt64) engine = Memory`);
    const { server } = engine;
    const response = await fetch(server.url, {
      method: "POST",
      headers: { "X-ClickHouse-Key": server.password },
      body: `${query} format ${format}`,
    });
    const body = new Uint8Array(await response.arrayBuffer());
    if (format === "JSON") expect(JSON.parse(Buffer.from(body).toString())).toMatchObject({ rows: 200_000 });
    else {
      expect((await post("", { query: `insert into back format ${format}` }, { body })).status).toBe(200);
      expect((await post("select count(), sum(n) from back")).text).toBe("200000\t19999900000\n");
    }
    await post("drop table back");
  });

  test("a stream of a million rows arrives whole", async () => {
    const result = await engine.client.query({ query: "select number from numbers(1000000)", format: "JSONEachRow" });
    let rows = 0;
    for await (const part of result.stream()) rows += part.length;
    expect(rows).toBe(1_000_000);
  });

  test("a buffered one has a limit", async () => {
    const { text } = await post("select repeat('x', 1000 + number % 2) from numbers(200000) format JSONCompact");
    expect(text.slice(0, 9)).toBe("Code: 396");
  });

  test("a user's giant constant costs an error and not the process", async () => {
    const before = engine.server.pid();
    const { text } = await post("select repeat('x', 1000000) from numbers(100000) format JSONCompact", { readonly: "1" });
    expect(text.slice(0, 5)).toBe("Code:");
    expect(engine.server.pid()).toBe(before);
  });
});

test("8: statements that run do not starve files, compression and other statements", async () => {
  const slow = Array.from({ length: 8 }, () => post(SLOW));
  await expect.poll(processes).toBe("8");
  let over = 0;
  for (const each of slow) void each.then(() => over++);
  const packed = { headers: { "accept-encoding": "gzip" } };
  expect(await post("select 1 format JSON", { readonly: "1", enable_http_compression: "1" }, packed)).toMatchObject({ status: 200 });
  expect(over).toBe(0);
  expect((await Promise.all(slow)).map(({ status }) => status)).toEqual(slow.map(() => 200));
});

test("9: sessions that wait to be closed are limited, and the limit goes away", async () => {
  const slow = post("select sum(sleepEachRow(0.1)) from numbers(60) settings max_block_size = 1");
  await delay(200);
  const codes = new Set<string>();
  for (let i = 0; i < 90; i++) codes.add((await post("select throwIf(1)")).text.slice(0, 9));
  expect([...codes]).toEqual(["Code: 395", "Code: 202"]);
  await slow;
  await expect.poll(async () => (await post("select throwIf(1)")).text.slice(0, 9)).toBe("Code: 395");
});
