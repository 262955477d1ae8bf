import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { combine } from "./combine.ts";
import { confidenceOf, reasonOf } from "./confidence.ts";
import type { KnownEntity } from "./draft.ts";
import { ADA, draftsOf, NOTHING_KNOWN, repositoryOf, smallEstate, TODAY } from "./sample-repositories.suite.ts";

describe("a small estate", () => {
  it("finds services, websites, libraries, APIs, resources, systems, teams and people", async () => {
    const drafts = draftsOf(await smallEstate());
    const kinds = [...drafts.values()].map(({ ref, entity }) => `${ref} ${(entity.spec as { type?: string }).type ?? ""}`.trim());
    expect(kinds.sort()).toEqual([
      "api:default/payments-api openapi",
      "component:default/ledger service",
      "component:default/money library",
      "component:default/orders service",
      "component:default/payments service",
      "component:default/storefront-web website",
      "group:default/money team",
      "group:default/orders team",
      "group:default/platform team",
      "group:default/web team",
      "resource:default/orders-postgres database",
      "system:default/checkout",
      "system:default/storefront",
      "user:default/ada",
      "user:default/grace",
    ]);
  });

  it("gives owners, systems and relations with file and line", async () => {
    const drafts = draftsOf(await smallEstate());
    const orders = drafts.get("component:default/orders")!;
    expect(orders.entity.spec).toEqual({
      type: "service",
      lifecycle: "production",
      owner: "group:default/orders",
      system: "system:default/storefront",
      consumesApis: ["api:default/payments-api"],
      dependsOn: ["component:default/money", "resource:default/orders-postgres"],
    });
    expect(orders.owner).toMatchObject({
      value: "group:default/orders",
      confidence: 0.85,
      evidence: [{ file: ".github/CODEOWNERS", line: 2 }],
    });
    const calls = orders.relations.find(({ value }) => value === "api:default/payments-api")!;
    expect(calls.evidence).toMatchObject([
      { file: "docker-compose.yml", line: 7, says: "docker-compose.yml sets PAYMENTS_URL to http://payments:8080" },
    ]);
    // Two ways to the database: the address and the wait.
    expect(orders.relations.find(({ value }) => value.startsWith("resource:"))).toMatchObject({ confidence: 0.9 });
    expect(drafts.get("component:default/storefront-web")!.entity.spec).toMatchObject({ dependsOn: ["component:default/orders"] });
  });

  it("joins what a repository builds with what another deploys", async () => {
    const payments = draftsOf(await smallEstate()).get("component:default/payments")!;
    expect(payments.evidence).toContainEqual(
      expect.objectContaining({
        repository: "github.com/shop/deploy",
        file: "apps/payments.yaml",
        says: "Deployment payments runs it in Kubernetes",
      }),
    );
    expect(payments.entity.spec).toMatchObject({
      owner: "group:default/money",
      system: "system:default/checkout",
      dependsOn: ["component:default/ledger"],
      providesApis: ["api:default/payments-api"],
    });
    // CODEOWNERS and the label are independent: together surer than either.
    expect(payments.owner!.confidence).toBe(0.94);
    expect(payments.entity.metadata).toMatchObject({
      description: "Takes money from cards.",
      annotations: { "github.com/project-slug": "shop/payments" },
    });
  });

  it("is the same for every order of repositories, files and authors", async () => {
    const estate = await smallEstate();
    const expected = JSON.stringify(combine({ repositories: estate, known: NOTHING_KNOWN, today: TODAY }));
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2], { minLength: 3 }), fc.infiniteStream(fc.nat()), (order, numbers) => {
        const shuffled = order.map((at) => {
          const repository = estate[at]!;
          const findings = repository.findings.map((one) => ({ one, by: numbers.next().value! })).sort((a, b) => a.by - b.by);
          return { ...repository, findings: findings.map(({ one }) => one) };
        });
        expect(JSON.stringify(combine({ repositories: shuffled, known: NOTHING_KNOWN, today: TODAY }))).toBe(expected);
      }),
      { numRuns: 50 },
    );
  });
});

describe("confidence", () => {
  const evidence = fc.record({ group: fc.constantFrom("a", "b", "c", "d"), weight: fc.double({ min: 0, max: 1, noNaN: true }) });
  it("never falls with more evidence, stays within 0 and 1, and does not depend on the order", () => {
    fc.assert(
      fc.property(fc.array(evidence), evidence, (some, more) => {
        const before = confidenceOf(some);
        const after = confidenceOf([...some, more]);
        expect(after).toBeGreaterThanOrEqual(before);
        expect(after).toBeLessThan(1);
        expect(confidenceOf([...some, more].reverse())).toBe(after);
      }),
    );
  });

  it("counts the strongest of a group once, and multiplies the doubt of independent groups", () => {
    expect(
      confidenceOf([
        { group: "a", weight: 0.5 },
        { group: "a", weight: 0.4 },
      ]),
    ).toBe(0.5);
    expect(
      confidenceOf([
        { group: "a", weight: 0.5 },
        { group: "b", weight: 0.5 },
      ]),
    ).toBe(0.75);
    expect(confidenceOf([])).toBe(0);
  });

  it("says its strongest reasons in words", () => {
    const one = (says: string, group: string, weight: number) => ({ repository: "r", file: "f", line: 1, says, group, weight });
    expect(
      reasonOf([one("weak", "a", 0.1), one("strong", "b", 0.9), one("also b", "b", 0.8), one("mid", "c", 0.5), one("mid 2", "d", 0.4)]),
    ).toBe("strong, mid, mid 2 and 1 more");
  });
});

describe("owners", () => {
  const files = { "go.mod": "module github.com/shop/x\n", "main.go": "package main\n" };

  it("names none rather than a wrong one: nothing found, or two that are nearly as good", async () => {
    const nothing = draftsOf([await repositoryOf("x", files)]).get("component:default/x")!;
    expect(nothing.entity.spec).not.toHaveProperty("owner");
    expect(nothing.ownerNote).toBe("nothing was found that says who owns it");
    const torn = draftsOf([
      await repositoryOf("x", {
        ...files,
        CODEOWNERS: "* @shop/red\n",
        "deploy.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: x\n  labels: { team: blue }\nspec: {}\n",
      }),
    ]).get("component:default/x")!;
    expect(torn.owner).toBeUndefined();
    expect(torn.ownerNote).toBe("two candidates are nearly as good: group:default/blue (80 %) and group:default/red (70 %)");
  });

  const USER: KnownEntity = {
    ref: "user:default/al",
    kind: "user",
    email: "ada@example.com",
    memberOf: ["group:default/money"],
    states: [],
    proposed: false,
  };
  it("counts commits for the group of those who made them, once it is known who they are", async () => {
    const repository = await repositoryOf("x", { ...files, CODEOWNERS: "* ada@example.com\n" }, { authors: [ADA] });
    const before = draftsOf([repository]).get("component:default/x")!;
    expect(before.owners).toEqual([]);
    const after = draftsOf([repository], { entities: [USER], identities: new Map() }).get("component:default/x")!;
    expect(after.owners.map(({ value, confidence }) => [value, confidence])).toEqual([
      ["user:default/al", 0.71],
      ["group:default/money", 0.45],
    ]);
    expect(after.owner?.value).toBe("user:default/al");
  });

  it("follows a correction of who a login is", async () => {
    const repository = await repositoryOf("x", { ...files, CODEOWNERS: "* @ada-l\n" });
    const owner = (identities: ReadonlyMap<string, string>) =>
      draftsOf([repository], { entities: [USER], identities }).get("component:default/x")!.owner?.value;
    expect(owner(new Map())).toBe("user:default/ada-l");
    expect(owner(new Map([["handle:ada-l", "user:default/al"]]))).toBe("user:default/al");
  });

  it("matches teams however they are written", async () => {
    const group: KnownEntity = {
      ref: "group:default/payments",
      kind: "group",
      title: "Payments Team",
      memberOf: [],
      states: [],
      proposed: false,
    };
    const repository = await repositoryOf("x", { ...files, CODEOWNERS: "* @shop/team-payments\n" });
    const drafts = draftsOf([repository], { entities: [group], identities: new Map() });
    expect(drafts.get("component:default/x")!.owner?.value).toBe("group:default/payments");
    expect([...drafts.keys()].filter((ref) => ref.startsWith("group:"))).toEqual([]);
  });
});

describe("what is there already", () => {
  it("is not proposed; what a descriptor lacks is", async () => {
    const files = {
      "go.mod": "module github.com/shop/x\n",
      "main.go": "package main\n",
      ".env.example": "DATABASE_URL=postgres://x-db:5432/x\n",
      "catalog-info.yaml":
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: ex\nspec:\n  type: service\n  owner: red\n  lifecycle: production\n",
    };
    const lacking = draftsOf([await repositoryOf("x", files)]);
    expect(lacking.get("component:default/ex")).toMatchObject({
      action: "complete",
      entity: { metadata: { name: "ex" }, spec: { dependsOn: ["resource:default/x-db"] } },
    });
    const whole = { ...files, "catalog-info.yaml": `${files["catalog-info.yaml"]}  dependsOn: [resource:x-db]\n` };
    expect(draftsOf([await repositoryOf("x", whole)]).has("component:default/ex")).toBe(false);
  });

  it("tells two units of one name apart, in every repository the same way", async () => {
    const files = {
      "services/billing/go.mod": "module billing\n",
      "services/billing/main.go": "package main\n",
      "tools/go.mod": "module example.com/tools\n",
    };
    const drafts = draftsOf([await repositoryOf("a", files), await repositoryOf("b", files)]);
    expect([...drafts.keys()].filter((ref) => ref.includes("billing"))).toEqual([
      "component:default/a-billing",
      "component:default/b-billing",
    ]);
  });
});
