import { describe, expect, it } from "vitest";

import { readOpenApi } from "@roadbed/contracts/api-document/open-api";
import { searchOperations } from "./search.ts";

const api = readOpenApi({
  openapi: "3.1.0",
  paths: {
    "/api/v1/entities": {
      get: {
        tags: ["catalog"],
        summary: "List entities",
        "x-roadbed-operation": "catalog.entity.list",
        "x-roadbed-scope": "catalog:read",
        parameters: [{ name: "filter", in: "query" }],
      },
    },
    "/api/v1/users": {
      post: {
        tags: ["identity"],
        summary: "Make a local account",
        "x-roadbed-operation": "identity.user.create",
        "x-roadbed-scope": "identity:admin",
      },
    },
  },
});
const find = (words: string): readonly string[] =>
  searchOperations(api?.groups ?? [], words).flatMap(({ operations }) => operations.map(({ name }) => name ?? ""));

describe("searchOperations", () => {
  it("finds by path, words, scope, field, tool and method", () => {
    for (const words of ["/entities", "list", "catalog:read", "filter", "catalog_entity_list", "GET enti"])
      expect(find(words)).toEqual(["catalog.entity.list"]);
  });
  it("asks for every word", () => expect(find("post entities")).toEqual([]));
  it("leaves all when nothing is typed", () => expect(find("  ")).toHaveLength(2));
});
