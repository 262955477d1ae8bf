import { facetEntities, importSource, listEntities, searchAll } from "@roadbed/contracts/catalog";
import { beforeEach, describe, expect, test } from "vitest";

import { component, useWorld } from "../world.suite.ts";

const world = useWorld();
const { ask, put } = world;

const PEOPLE = `apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: ada }
spec: { profile: { displayName: Ada Lovelace }, memberOf: [team-a] }
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: { name: team-a, title: Payments team }
spec: { type: team, children: [] }
`;
const TEMPLATE = `apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: { name: payment-worker, title: New payment worker }
spec: { type: service, steps: [] }
`;
const API = `apiVersion: backstage.io/v1alpha1
kind: API
metadata: { name: payments-api, description: Takes payments. }
spec:
  type: openapi
  lifecycle: production
  owner: team-a
  definition: |
    openapi: 3.0.0
    paths:
      /refunds/{id}:
        delete:
          summary: Withdraw a refund
`;

describe("search", () => {
  beforeEach(async () => {
    const tagged = (name: string, tag: string, about: string): string =>
      component(name).replace(`About ${name}.`, about).replace("metadata:\n", `metadata:\n  tags: [${tag}]\n`);
    await put(
      "all.yaml",
      [
        tagged("payment-gateway", "go", "Talks to banks about money."),
        tagged("ledger", "java", "Books every payment, to the last cent."),
        component("repayments").replace("team-a", "team-b"),
        PEOPLE,
        TEMPLATE,
        API,
      ].join("---\n"),
    );
    await put("docs/index.md", "# Handbook\n\nHow a chargeback is settled.\n");
    await put(
      "documented.yaml",
      component("documented").replace("metadata:\n", 'metadata:\n  annotations: { backstage.io/techdocs-ref: "dir:." }\n'),
    );
    await ask(importSource, { target: world.folder });
  });

  const found = async (q: string): Promise<string[]> =>
    (await ask(searchAll, { q })).items.map(
      ({ kind, ref, title }) => `${kind} ${kind === "operation" ? title : ref.slice(ref.indexOf("/") + 1)}`,
    );

  test("finds things, people, golden paths, operations and pages, by beginnings, middles and slips", async () => {
    expect((await found("payment-gateway"))[0]).toBe("entity payment-gateway");
    expect((await found("lovelace"))[0]).toBe("person ada");
    expect(await found("paymnet wroker")).toContain("path payment-worker");
    expect((await found("refunds"))[0]).toBe("operation DELETE /refunds/{id}");
    expect(await found("withdraw")).toEqual(["operation DELETE /refunds/{id}"]);
    expect(await found("chargeback")).toEqual(["doc documented"]);
    expect(await found("ayment")).toContain("entity repayments");
    expect(await found("payment")).toEqual(
      expect.arrayContaining(["entity payment-gateway", "entity ledger", "path payment-worker", "person team-a"]),
    );
  });

  test("understands filters, phrases and exclusions, in the box and in lists alike", async () => {
    expect(await found("payment kind:component")).toEqual(["entity payment-gateway", "entity ledger"]);
    expect(await found("payment -kind:component,template -bank")).not.toContain("entity ledger");
    expect(await found("owner:team-b")).toEqual(["entity repayments"]);
    expect(await found("kind:component -owner:team-b language:go,java")).toEqual(["entity ledger", "entity payment-gateway"]);
    expect(await found('"last cent"')).toEqual(["entity ledger"]);
    expect(await found('"cent last"')).toEqual([]);
    expect(await found("payment -banks kind:component")).toEqual(["entity ledger"]);
    expect(await found('payment kind:component -"last cent"')).toEqual(["entity payment-gateway"]);
    expect(await found("kind:api refund")).toEqual(["operation DELETE /refunds/{id}"]);
    const listed = async (text: string): Promise<string> =>
      (await ask(listEntities, { text, filter: "kind=component" })).items.map(({ name }) => name).join(" ");
    expect(await listed("language:go,java")).toBe("ledger payment-gateway");
    expect(await listed("pay -owner:team-b -banks")).toBe("ledger");
    expect(await listed('"last cent"')).toBe("ledger");
    expect(await listed("-payment -documented")).toBe("repayments");
    const { facets } = await ask(facetEntities, { text: "kind:component -owner:team-b", facets: "kind" });
    expect(facets["kind"]).toEqual([{ value: "Component", count: 3 }]);
  });

  test("says how it understood, what it does not know, and where the words stand", async () => {
    const { understood, hints, items } = await ask(searchAll, { q: "ledgr kind:component ownr:x" });
    expect(understood).toBe("kind is component · with ledgr ownr:x");
    expect(hints).toEqual([expect.stringContaining("Did you mean owner:?")]);
    const [first] = items;
    expect(first?.title).toBe("ledger");
    expect(first?.marks.title).toEqual([[0, 6]]);
    expect(
      (await ask(searchAll, { q: "pay" })).items.every(
        ({ kind, marks }) => kind === "operation" || marks.title.length + marks.excerpt.length > 0,
      ),
    ).toBe(true);
  });
});
