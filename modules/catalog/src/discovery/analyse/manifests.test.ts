import { describe, expect, it } from "vitest";

import { apiClients, apiSpecs, graphqlSchema, proto } from "./api-specs.ts";
import { analyseTree } from "./analyse-tree.ts";
import { codeowners, ruleFor } from "./codeowners.ts";
import { compose } from "./compose.ts";
import { configFiles } from "./config-files.ts";
import { descriptor } from "./descriptor.ts";
import { dockerfile } from "./dockerfile.ts";
import { chart, chartValues } from "./helm.ts";
import { kubernetes, kustomize } from "./kubernetes.ts";
import { pipelines } from "./pipelines.ts";
import { readme } from "./readme.ts";
import { readWith, treeOf } from "./read.suite.ts";

describe("Dockerfile", () => {
  it("resolves the last stage's base, its ports and what it copies in", () => {
    const text = `# syntax=docker/dockerfile:1
FROM node:24 AS base
FROM base AS build
COPY services/orders ./
RUN npm ci \\
  && npm run build
FROM base
COPY --from=build /app /app
EXPOSE 8080 9090/tcp
CMD ["node", "main.js"]
`;
    expect(readWith(dockerfile, "Dockerfile", text)).toEqual([
      { type: "image", file: "Dockerfile", line: 7, dir: "", base: "node:24", ports: [8080, 9090], stages: 3, copies: ["services/orders"] },
    ]);
  });

  it("is not fooled by names that only look alike", () => {
    expect(readWith(dockerfile, "Dockerfile.md", "FROM x")).toEqual([]);
    expect(readWith(dockerfile, "build/api.Dockerfile", "FROM scratch")).toHaveLength(1);
  });
});

it("Compose: build contexts stay inside, settings lose their secrets", () => {
  const text = `services:
  orders:
    build: ./services/orders
    depends_on: [orders-db, payments]
    ports: ["127.0.0.1:8080:80"]
    environment:
      DATABASE_URL: postgres://app:hunter2@orders-db:5432/orders
      DB_PASSWORD: hunter2
      PAYMENTS_URL: http://payments:8080
      LOG_LEVEL: debug
  orders-db:
    image: postgres:17
    environment: ["POSTGRES_PASSWORD=hunter2"]
  evil:
    build: ../../etc
`;
  const found = readWith(compose, "docker-compose.yml", text);
  expect(found).toMatchObject([
    {
      name: "orders",
      line: 2,
      build: "services/orders",
      ports: [80],
      dependsOn: [
        { name: "orders-db", line: 4 },
        { name: "payments", line: 4 },
      ],
      settings: [
        { name: "DATABASE_URL", value: "postgres://orders-db:5432/orders", line: 7 },
        { name: "PAYMENTS_URL", value: "http://payments:8080", line: 9 },
      ],
    },
    { name: "orders-db", image: "postgres:17", settings: [] },
    { name: "evil" },
  ]);
  expect(JSON.stringify(found)).not.toContain("hunter2");
  expect(found[2]).not.toHaveProperty("build");
});

describe("Kubernetes", () => {
  const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: payments
  namespace: shop
  labels:
    app.kubernetes.io/part-of: shop
    team: money
spec:
  template:
    spec:
      containers:
        - name: app
          image: registry.example.com/shop/payments:1.2
          env:
            - name: LEDGER_URL
              value: http://ledger.finance.svc.cluster.local:8080
            - name: API_TOKEN
              value: secret
---
apiVersion: v1
kind: Service
metadata:
  name: payments-svc
spec:
  selector: { app: payments }
`;
  it("reads workloads, hosts, labels and settings with their lines", () => {
    expect(readWith(kubernetes, "deploy/payments.yaml", DEPLOYMENT)).toMatchObject([
      {
        type: "workload",
        kind: "Deployment",
        name: "payments",
        line: 4,
        labels: { "app.kubernetes.io/part-of": "shop", team: "money" },
        images: [{ name: "registry.example.com/shop/payments:1.2", line: 14 }],
        settings: [{ name: "LEDGER_URL", value: "http://ledger.finance.svc.cluster.local:8080", line: 16 }],
      },
      { type: "host", name: "payments-svc", selector: { app: "payments" }, line: 24 },
    ]);
  });

  it("reads the templates of a chart as far as they can be without running it", () => {
    const text = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "x.fullname" . }}
  {{- if .Values.x }}
  labels:
    team: money
  {{- end }}
spec: {}
`;
    expect(readWith(kubernetes, "chart/templates/deployment.yaml", text)).toEqual([]);
    expect(readWith(kubernetes, "chart/templates/deployment.yaml", text.replace(/\{\{ include.*\}\}/, "ledger"))).toMatchObject([
      { name: "ledger", labels: { team: "money" } },
    ]);
  });

  it("reads charts, their values and Kustomize's labels", () => {
    expect(readWith(chart, "chart/Chart.yaml", "apiVersion: v2\nname: ledger\n")).toMatchObject([
      { kind: "Chart", name: "ledger", line: 2 },
    ]);
    expect(readWith(chart, "chart/Chart.yaml", "name: common\ntype: library\n")).toEqual([]);
    expect(
      readWith(
        chartValues,
        "chart/values.yaml",
        "image:\n  repository: registry.example.com/shop/ledger\nenv:\n  KAFKA_BROKERS: kafka:9092\n",
      ),
    ).toMatchObject([
      { type: "settings", settings: [{ name: "KAFKA_BROKERS", value: "kafka:9092", line: 4 }] },
      { type: "workload", name: "", images: [{ name: "registry.example.com/shop/ledger" }] },
    ]);
    expect(readWith(kustomize, "deploy/kustomization.yaml", "commonLabels:\n  team: money\n")).toMatchObject([
      { dir: "deploy", labels: { team: "money" }, line: 1 },
    ]);
  });
});

describe("API descriptions", () => {
  it("reads OpenAPI, AsyncAPI, GraphQL and proto", () => {
    expect(
      readWith(apiSpecs, "api/openapi.yaml", `openapi: 3.1.0\ninfo:\n  title: Payments API\n  version: "2"\npaths: {}\n`),
    ).toMatchObject([{ format: "openapi", title: "Payments API", version: "2", line: 3 }]);
    expect(readWith(apiSpecs, "swagger.json", `{"swagger": "2.0",\n "info": {"title": "Old"}}`)).toMatchObject([
      { format: "openapi", title: "Old", line: 2 },
    ]);
    expect(readWith(apiSpecs, "asyncapi.yaml", `asyncapi: 3.0.0\ninfo:\n  title: Order events\n`)).toMatchObject([
      { format: "asyncapi", title: "Order events" },
    ]);
    expect(readWith(graphqlSchema, "schema.graphql", `type Order { id: ID }\ntype Query { orders: [Order] }\n`)).toMatchObject([
      { format: "graphql", line: 2 },
    ]);
    expect(readWith(graphqlSchema, "orders.graphql", `query Orders { orders { id } }`)).toEqual([]);
    expect(
      readWith(
        proto,
        "proto/ledger.proto",
        `package ledger.v1;\nimport "google/protobuf/any.proto";\nimport "money/v1/money.proto";\nservice Ledger {}\n`,
      ),
    ).toMatchObject([
      { format: "grpc", package: "ledger.v1", title: "Ledger", line: 4 },
      { type: "api-use", names: "money/v1/money.proto", line: 3 },
    ]);
  });

  it("reads which description a client is made from", () => {
    expect(
      readWith(apiClients, "orval.config.ts", `export default { payments: {\n input: "https://api.example.com/payments/openapi.yaml" } }`),
    ).toMatchObject([{ names: "https://api.example.com/payments/openapi.yaml", line: 2 }]);
  });
});

describe("CODEOWNERS", () => {
  const rulesOf = (text: string) =>
    (readWith(codeowners, ".github/CODEOWNERS", text)[0] as unknown as { rules: { pattern: string; owners: string[]; line: number }[] })
      .rules;

  it("lets the last rule that matches win, teams and addresses alike", () => {
    const rules = rulesOf(`# who owns what
*              @shop/platform
/services/     @shop/orders  Ada@example.com # and Ada
services/payments/** @shop/money
*.md           @writers
`);
    expect(ruleFor(rules, "")).toMatchObject({ owners: ["@shop/platform"], line: 2 });
    expect(ruleFor(rules, "services/orders")).toMatchObject({ owners: ["@shop/orders", "ada@example.com"], line: 3 });
    expect(ruleFor(rules, "services/payments")).toMatchObject({ owners: ["@shop/money"], line: 4 });
    expect(ruleFor(rules, "tools")).toMatchObject({ owners: ["@shop/platform"] });
  });

  it("does not take the owner of one file for the owner of all", () => {
    expect(ruleFor(rulesOf("/package.json @bots\n"), "")).toBeUndefined();
    expect(ruleFor(rulesOf("docs/* @writers\n"), "docs/api/v1")).toBeUndefined();
  });

  it("knows GitLab's sections with owners of their own, and a rule that takes owners away", () => {
    const rules = rulesOf("[Backend][2] @shop/backend\n/api/\n/web/ @shop/web\n");
    expect(ruleFor(rules, "api")?.owners).toEqual(["@shop/backend"]);
    expect(ruleFor(rulesOf("* @a\n/vendor/\n"), "vendor")?.owners).toEqual([]);
  });
});

it("pipelines: deploying ones, and the images they push", () => {
  const text = `on: push\njobs:\n  ship:\n    steps:\n      - run: docker push ghcr.io/shop/orders:latest\n      - run: kubectl apply -f deploy\n`;
  expect(readWith(pipelines, ".github/workflows/ship.yml", text)).toMatchObject([
    { system: "GitHub Actions", deploys: true, line: 6, images: [{ name: "ghcr.io/shop/orders", line: 5 }] },
  ]);
  expect(readWith(pipelines, ".gitlab-ci.yml", "test:\n  script: make test\n")).toMatchObject([{ system: "GitLab CI", deploys: false }]);
});

it("README: title and first paragraph, without marks", () => {
  const text = `<!-- logo -->\n# Orders **service**\n\n[![ci](x)](y)\n\nTakes [orders](z) and\nkeeps them.\n\n## More\n`;
  expect(readWith(readme, "README.md", text)).toMatchObject([
    { line: 2, title: "Orders service", description: "Takes orders and keeps them." },
  ]);
});

it("settings files: defaults of placeholders, and the folder that is built", () => {
  const text =
    "payments:\n  url: ${PAYMENTS_URL:http://payments:8080}\nspring.datasource.url: jdbc:postgresql://orders-db:5432/orders\npassword: x\n";
  expect(readWith(configFiles, "orders/src/main/resources/application.yml", text)).toMatchObject([
    {
      dir: "orders",
      settings: [
        { name: "url", value: "http://payments:8080", line: 2 },
        { value: "jdbc:postgresql://orders-db:5432/orders", line: 3 },
      ],
    },
  ]);
});

it("descriptors: what they state", () => {
  const text = `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: ledger\nspec:\n  owner: money\n  dependsOn: [resource:ledger-db]\n`;
  expect(readWith(descriptor, "catalog-info.yaml", text)).toMatchObject([
    { name: "ledger", owner: "group:default/money", states: ["group:default/money", "resource:default/ledger-db"] },
  ]);
});

describe("a whole tree", () => {
  it("passes over what others wrote and what only tests, and notes what it cannot read", async () => {
    const { findings, notes } = await analyseTree(
      treeOf({
        "package.json": "{ broken",
        "vendor/x/go.mod": "module example.com/x\n",
        "test/Dockerfile": "FROM x",
        "templates/{{ name }}/package.json": "{}",
        "src/main.ts": "x".repeat(500),
        "main.py": "x".repeat(100),
      }),
    );
    expect(findings).toEqual([
      {
        type: "languages",
        file: "src/main.ts",
        line: 1,
        shares: [
          { language: "TypeScript", amount: 500 },
          { language: "Python", amount: 100 },
        ],
      },
    ]);
    expect(notes).toMatchObject([{ file: "package.json", reason: expect.stringContaining("cannot be read as package.json") }]);
  });
});
