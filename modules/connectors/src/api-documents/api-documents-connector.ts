import type { Connector, ConnectorCall, Reading } from "@roadbed/contracts/connector";
import { DomainError, InvalidError, TooManyError } from "@roadbed/core";
import { createHash } from "node:crypto";
import { z } from "zod";

import { advanced } from "../lib/advanced.ts";
import { createAsk, type Ask } from "../lib/ask.ts";
import { record, textOf } from "../lib/git-host.ts";
import { toEntityName } from "../lib/names.ts";
import { readDocument, type ApiDocument } from "./document.ts";
import { INTROSPECTION, printIntrospection } from "./introspection.ts";

const Url = z.url({ protocol: /^https?$/ }).max(2_000);

export const ApiDocumentsSettings = z
  .strictObject({
    title: z.string().min(1).max(60).default("documents").describe("Tells several lists apart"),
    documents: z.array(Url).max(1_000).default([]).describe("Addresses of OpenAPI, AsyncAPI, GraphQL (SDL) or protobuf documents"),
    graphql: z.array(Url).max(200).default([]).describe("GraphQL endpoints, asked for their schema by introspection"),
    token: z
      .string()
      .min(1)
      .regex(/^\S+$/, "may not hold spaces")
      .optional()
      .describe("A bearer token, if they ask for one; it is stored sealed"),
    tokenHost: advanced(
      z.string().max(255).optional().describe("The only host that is given the token, where the addresses are of several"),
    ),
    owner: z.string().max(200).default("unknown").describe("Owner of what names none by x-owner"),
    system: z.string().max(200).optional().describe("System of what names none by x-system"),
    lifecycle: advanced(z.string().min(1).max(63).default("production").describe("Lifecycle of what names none by x-lifecycle")),
  })
  .superRefine(({ documents, graphql, token, tokenHost }, ctx) => {
    if (documents.length + graphql.length === 0)
      ctx.addIssue({ code: "custom", path: ["documents"], message: "is empty: give an address, here or in graphql" });
    const hosts = new Set([...documents, ...graphql].map((url) => new URL(url).host));
    if (token !== undefined && tokenHost === undefined && hosts.size > 1) {
      ctx.addIssue({
        code: "custom",
        path: ["tokenHost"],
        message: "is missing: the addresses are of several hosts; say which one is given the token",
      });
    }
  });
export type ApiDocumentsSettings = z.output<typeof ApiDocumentsSettings>;

/** APIs, by the documents that describe them. */
export const apiDocumentsConnector: Connector<ApiDocumentsSettings> = {
  kind: "api-documents",
  title: "API documents",
  summary: "APIs with their definitions, from addresses of OpenAPI, AsyncAPI, GraphQL and protobuf documents.",
  settings: ApiDocumentsSettings as never,
  secrets: ["token"],
  targetOf: ({ title }) => `api documents ${title}`,
  defaults: { everyMinutes: 60, halfLifeDays: 14, confidence: 0.9 },
  read,
};

/** What is told of one document, and what is remembered of it. */
interface Outcome {
  readonly reading: Reading;
  readonly etag?: string | undefined;
  readonly failed?: DomainError;
}

async function* read(settings: ApiDocumentsSettings, call: ConnectorCall): AsyncGenerator<Reading> {
  const asks = createAsks(settings, call);
  const before = record(call.state["etags"]);
  const etags: Record<string, string> = {};
  const all = [
    ...settings.documents.map((url) => ({ url, introspect: false })),
    ...settings.graphql.map((url) => ({ url, introspect: true })),
  ];
  const outcomes: Outcome[] = [];
  for (const { url, introspect } of all) {
    const outcome = await readOne(asks(url), url, { introspect, etag: textOf(before[url]), settings });
    if (outcome.etag !== undefined) etags[url] = outcome.etag;
    outcomes.push(outcome);
  }
  // One address may be wrong; when none answers, the network is, or the token.
  const failed = outcomes.map((one) => one.failed).filter((error) => error !== undefined);
  if (failed.length === outcomes.length) throw failed[0]!;
  yield* outcomes.map(({ reading }) => reading);
  yield { type: "state", state: { etags } };
}

function createAsks({ documents, graphql, token, tokenHost }: ApiDocumentsSettings, call: ConnectorCall): (url: string) => Ask {
  const given = tokenHost ?? new URL([...documents, ...graphql][0]!).host;
  return (url) => {
    const { host } = new URL(url);
    const authorization = token !== undefined && host === given ? { authorization: `Bearer ${token}` } : {};
    return createAsk(call, { system: host, headers: { ...authorization, accept: "application/json, application/yaml, text/plain, */*" } });
  };
}

async function readOne(
  ask: Ask,
  url: string,
  {
    introspect,
    etag,
    settings,
  }: { readonly introspect: boolean; readonly etag: string | undefined; readonly settings: ApiDocumentsSettings },
): Promise<Outcome> {
  const location = locationOf(url);
  try {
    if (introspect) {
      const { body } = await ask(url, {
        method: "POST",
        body: JSON.stringify({ query: INTROSPECTION }),
        headers: { "content-type": "application/json" },
      });
      const text = printIntrospection(body);
      return { reading: readingOf(url, text, readDocument(text)!, settings) };
    }
    const answer = await ask(url, { raw: true, etag });
    if (answer.status === 304) return { reading: { type: "unchanged", locationPrefix: location }, etag };
    const text = String(answer.body);
    const document = readDocument(text);
    if (document) return { reading: readingOf(url, text, document, settings), etag: answer.etag };
    throw new InvalidError("It is no OpenAPI, AsyncAPI, GraphQL or protobuf document.", {
      mend: "Give the address of the document itself, not of a page that shows it.",
    });
  } catch (error) {
    // A limit is waited for; the rest is told of the one document, and what it described stays.
    if (!(error instanceof DomainError) || error instanceof TooManyError) throw error;
    const { message: reason, mend } = error;
    return { reading: { type: "problem", at: location, reason, ...(mend === undefined ? {} : { mend }) }, failed: error };
  }
}

/** Without what may be secret; its end keeps one address from being the beginning of another. */
function locationOf(url: string): string {
  const { origin, pathname, search } = new URL(url);
  const mark = search === "" ? "" : `-${createHash("sha256").update(search).digest("hex").slice(0, 8)}`;
  return `${origin}${pathname}#api${mark}`;
}

function readingOf(url: string, definition: string, document: ApiDocument, settings: ApiDocumentsSettings): Reading {
  const { type, title, version, description } = document;
  const system = document.system ?? settings.system;
  const name = toEntityName(document.name ?? title ?? nameIn(url)).toLowerCase();
  const entity = {
    apiVersion: "backstage.io/v1alpha1",
    kind: "API",
    metadata: {
      name,
      namespace: "default",
      ...(title === undefined || title === name ? {} : { title }),
      ...(description === undefined ? {} : { description }),
      links: [{ url: locationOf(url).replace(/#.*$/, ""), title: "Document" }],
    },
    spec: {
      type,
      lifecycle: document.lifecycle ?? settings.lifecycle,
      owner: document.owner ?? settings.owner,
      ...(system === undefined ? {} : { system }),
      ...(version === undefined ? {} : { version }),
      definition,
    },
  };
  return { type: "entity", mode: "define", entity, location: locationOf(url) };
}

/** The last word of an address that says something: `…/orders/openapi.json` is about orders. */
function nameIn(url: string): string {
  const { host, pathname } = new URL(url);
  const words = pathname.split("/").map((part) => part.replace(/\.(json|ya?ml|graphqls?|gql|proto)$/i, ""));
  return (
    words.filter((word) => word !== "" && !/^(openapi|swagger|asyncapi|api-docs|graphql|schema|api|docs|v\d+)$/i.test(word)).at(-1) ?? host
  );
}
