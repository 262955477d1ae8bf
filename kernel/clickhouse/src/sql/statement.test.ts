import { describe, expect, test } from "vitest";

import { readInsertWithBody, readStatement, RefusedStatement } from "./statement.ts";

const read = (sql: string) => readStatement(sql, { readonly: false });

describe("readStatement", () => {
  test.each([
    ["select {a:String}, '{c:Int8}'\nFORMAT JSONEachRow", { kind: "select", format: "JSONEachRow", placeholders: ["a"] }],
    ["(select 1) union all (select 2) format CSV settings max_threads = 1", { kind: "select", format: "CSV" }],
    ["select format from t", { kind: "select", format: undefined }],
    ["with x as (select 1) insert into t select 1", { kind: "other" }],
    ["insert into t (a, b) values (1, 'x')", { kind: "other" }],
    ["insert into t select 1 format Null", { kind: "other" }],
    ["set max_threads = 1", { kind: "other", taints: true }],
    ["use system", { kind: "other", taints: true }],
    ["create temporary table x (a Int8)", { kind: "other", taints: true }],
    ["kill query where 1", { kind: "kill" }],
    ["select 1;;", { kind: "select", sql: "select 1" }],
  ])("%s", (sql, wanted) => expect(read(sql)).toMatchObject(wanted));

  test.each([
    ["select 1; drop table t", 62],
    ["select 1 into outfile '/tmp/x'", 48],
    ["select 1 INTO /* */ OUTFILE '/tmp/x' APPEND", 48],
    ["insert into t from infile '/etc/passwd' format CSV", 48],
    ["insert into t values (1); drop table t", 62],
    ["explain select 1 into outfile 'x'", 48],
    ["select 'open", 62],
    [" ; ", 62],
  ])("refuses %s", (sql, code) => {
    expect(() => read(sql)).toThrow(expect.objectContaining({ code }) as RefusedStatement);
  });

  test("leaves words in strings, comments and quoted names alone", () => {
    expect(read("select '; into outfile' as `into outfile` -- ; into outfile\n").kind).toBe("select");
  });

  test.each([
    "insert into t values (1)",
    "drop table t",
    "kill query where 1",
    "set a = 1",
    "system flush logs",
    "alter table t delete where 1",
    "",
  ])("refuses a user's %j", (sql) => expect(() => readStatement(sql, { readonly: true })).toThrow(RefusedStatement));
});

describe("an insert of rows", () => {
  test("is cut where its rows begin, whatever they hold", () => {
    const sql = 'insert into t (format, `values`) settings a = 1 format JSONEachRow\n{"format":"\'; drop"}';
    const { kind, insert, format } = read(sql);
    expect({ kind, format }).toEqual({ kind: "insert-data", format: "JSONEachRow" });
    expect(insert).toMatchObject({ head: "insert into t (format, `values`)", settings: "a = 1" });
    expect(sql.slice(insert?.dataAt)).toBe('\n{"format":"\'; drop"}');
  });

  test("takes VALUES as a format only when the rows come apart", () => {
    expect(readInsertWithBody("INSERT INTO db.t VALUES")).toMatchObject({ format: "Values", insert: { head: "INSERT INTO db.t" } });
    expect(readInsertWithBody("INSERT INTO t SELECT 1")).toBeUndefined();
    expect(readInsertWithBody("select 1 format CSV")).toBeUndefined();
  });

  test("cannot smuggle a file in", () => {
    expect(() => readInsertWithBody("insert into t from infile '/etc/passwd' format LineAsString")).toThrow(RefusedStatement);
  });
});
