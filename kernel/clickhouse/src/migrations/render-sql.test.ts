import { describe, expect, test } from "vitest";

import { splitStatements } from "./migrate-clickhouse.ts";
import { renderSql } from "./render-sql.ts";

const TABLE = `CREATE TABLE IF NOT EXISTS spans{{local}} {{on_cluster}} (a Int8) ENGINE = {{r}}MergeTree ORDER BY a;
-- distributed: spans by cityHash64(a)
`;

describe("renderSql", () => {
  test("embedded: plain tables, and nothing of a cluster", () => {
    expect(splitStatements(renderSql(TABLE, undefined))).toEqual([
      "CREATE TABLE IF NOT EXISTS spans  (a Int8) ENGINE = MergeTree ORDER BY a",
    ]);
  });

  test("cluster: replicated local tables and one table over all nodes", () => {
    expect(splitStatements(renderSql(TABLE, "main"))).toEqual([
      "CREATE TABLE IF NOT EXISTS spans_local ON CLUSTER 'main' (a Int8) ENGINE = ReplicatedMergeTree ORDER BY a",
      "CREATE TABLE IF NOT EXISTS spans ON CLUSTER 'main' AS spans_local ENGINE = Distributed('main', currentDatabase(), spans_local, cityHash64(a))",
    ]);
  });

  test("refuses a token that it does not know", () => expect(() => renderSql("{{replicated}}", undefined)).toThrow(TypeError));
});

test("splitStatements leaves semicolons in strings and comments alone", () => {
  expect(splitStatements("select ';' -- ; x\n; /* ; */ select 2;\n-- end ;\n")).toEqual(["select ';' -- ; x", "/* ; */ select 2"]);
});
