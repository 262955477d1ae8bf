import { analyseTree } from "../analyse/analyse-tree.ts";
import { treeOf } from "../analyse/read.suite.ts";
import type { Author, Repository } from "../finding.ts";
import { combine } from "./combine.ts";
import type { Draft, Known } from "./draft.ts";

/** A repository as files, analysed. */
export async function repositoryOf(
  name: string,
  files: Readonly<Record<string, string>>,
  over: Partial<Repository> = {},
): Promise<Repository> {
  const { findings } = await analyseTree(treeOf(files));
  return { key: `github.com/shop/${name}`, name, url: `https://github.com/shop/${name}`, group: "", findings, authors: [], ...over };
}

export const NOTHING_KNOWN: Known = { entities: [], identities: new Map() };
export const TODAY = "2026-03-01";

export function draftsOf(repositories: readonly Repository[], known: Known = NOTHING_KNOWN): Map<string, Draft> {
  return new Map(combine({ repositories, known, today: TODAY }).map((draft) => [draft.ref, draft]));
}

export const ADA: Author = { name: "Ada Lovelace", email: "ada@example.com", commits: 30, last: "2026-02-20" };
export const GRACE: Author = { name: "Grace Hopper", email: "grace@example.com", commits: 4, last: "2026-02-10" };

/** Three repositories as a small company has them: one with two services, one that is called, one that deploys. */
export async function smallEstate(): Promise<Repository[]> {
  return [
    await repositoryOf(
      "storefront",
      {
        "package.json": `{ "name": "storefront", "private": true, "workspaces": ["services/*", "packages/*"] }`,
        "services/orders/package.json": `{\n "name": "@shop/orders",\n "private": true,\n "scripts": { "start": "node ." },\n "dependencies": {\n  "@shop/money": "workspace:*"\n }\n}`,
        "services/orders/Dockerfile": "FROM node:24\nEXPOSE 8080\n",
        "services/web/package.json": `{ "name": "@shop/web", "private": true, "dependencies": { "next": "16" } }`,
        "packages/money/package.json": `{ "name": "@shop/money", "version": "1.0.0", "exports": "./index.js" }`,
        ".github/CODEOWNERS": "* @shop/platform\n/services/orders/ @shop/orders\n/services/web/ @shop/web\n",
        "docker-compose.yml": `services:
  orders:
    build: services/orders
    depends_on: [db]
    environment:
      DATABASE_URL: postgres://app:x@db:5432/orders
      PAYMENTS_URL: http://payments:8080
  web:
    build: services/web
    environment:
      ORDERS_URL: http://orders:8080
  db:
    image: postgres:17
`,
      },
      { authors: [ADA] },
    ),
    await repositoryOf(
      "payments",
      {
        "go.mod": "module github.com/shop/payments\n\ngo 1.24\n",
        "cmd/server/main.go": "package main\n",
        Dockerfile: "FROM golang:1.24 AS build\nFROM scratch\n",
        "README.md": "# Payments\n\nTakes money from cards.\n",
        "api/openapi.yaml": "openapi: 3.1.0\ninfo:\n  title: Payments\n  version: '1'\npaths: {}\n",
        CODEOWNERS: "* @shop/money\n",
        ".github/workflows/ship.yml": "on: push\njobs:\n  x:\n    steps:\n      - run: helm upgrade payments\n",
      },
      { authors: [GRACE] },
    ),
    await repositoryOf("deploy", {
      "apps/payments.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  name: payments
  labels: { team: money, app.kubernetes.io/part-of: checkout }
spec:
  template:
    metadata: { labels: { app: payments } }
    spec:
      containers:
        - name: app
          image: ghcr.io/shop/payments:1
          env:
            - name: LEDGER_ADDR
              value: ledger.finance.svc:9090
`,
      "apps/ledger.yaml": `apiVersion: apps/v1
kind: Deployment
metadata: { name: ledger }
spec:
  template:
    spec:
      containers:
        - { name: app, image: "ghcr.io/shop/ledger:7" }
`,
    }),
  ];
}
