import type { Connector, ConnectorCall, MappedRecord, Reading, WebhookOutcome, WebhookRequest } from "@roadbed/contracts/connector";
import { InvalidError, parseInput, UnauthenticatedError } from "@roadbed/core";
import { createHash } from "node:crypto";

import { createAsk, type Answer } from "../lib/ask.ts";
import { isSignedBy } from "../lib/signature.ts";
import { applyMapping, dateOf, Mapping, type Mapped } from "./mapping.ts";
import { HttpSettings } from "./settings.ts";

const MAX_PAGES = 2_000;

/** Any JSON API and any webhook, with a mapping from its records to entities. */
export const httpConnector: Connector<HttpSettings> = {
  kind: "http",
  title: "HTTP API or webhook",
  summary: "Makes entities of any JSON API or webhook, by a mapping that you write and test on real answers.",
  settings: HttpSettings as never,
  secrets: ["token"],
  targetOf: ({ url, title }) => (url === undefined ? `webhook${title === "" ? "" : ` ${title}`}` : withoutQuery(url)),
  defaults: { everyMinutes: 30, halfLifeDays: 30, confidence: 0.8 },
  read,
  receive,
  preview: async (mapping, body, { evaluate }) =>
    (await applyMapping(parseInput(Mapping, mapping) as Mapping, body, { evaluate, base: "sample" })).map(shownOf),
};

function shownOf({ record, entity, skipped, removed, problems }: Mapped): MappedRecord {
  return {
    record,
    problems,
    ...(entity === undefined ? {} : { entity }),
    ...(skipped === undefined ? {} : { skipped }),
    ...(removed === undefined ? {} : { removed }),
  };
}

function withoutQuery(url: string): string {
  const { host, pathname, search } = new URL(url);
  // Two lists of one path are two sources; what the query says is not for everybody to read.
  return `${host}${pathname}${search === "" ? "" : `?${createHash("sha256").update(search).digest("hex").slice(0, 8)}`}`;
}

async function* read(settings: HttpSettings, call: ConnectorCall): AsyncIterable<Reading> {
  if (settings.url === undefined) return yield* nothingToRead();
  const ask = createAsk(call, { system: new URL(settings.url).host, headers: headersOf(settings) });
  const { method, body } = settings;
  const seen = new Set<string>();
  let url: string | undefined = firstPage(settings);
  for (let page = 0; url !== undefined; page++) {
    if (seen.has(url) || page >= MAX_PAGES)
      throw new InvalidError("The list has no end: a page leads back to one before.", { mend: "Correct the paging." });
    seen.add(url);
    const answer = await ask(url, { method, ...(body === undefined ? {} : { body, headers: { "content-type": "application/json" } }) });
    const budget = ask.budget();
    if (budget) yield budget;
    if (page === 0) yield { type: "sample", body: answer.body };
    const mapped = await applyMapping(settings.mapping, answer.body, { evaluate: call.evaluate, base: withoutQuery(settings.url) });
    assertList(mapped);
    for (const one of mapped) yield* readingsOf(one, withoutQuery(settings.url));
    // One of the records that cannot be read may be any of those that were there before.
    if (mapped.some(isNameless)) yield { type: "unchanged", locationPrefix: "" };
    url = await nextPage(settings, answer, mapped.length, page, call);
  }
}

/** Without a list nothing is known, and nothing is gone. */
function assertList(mapped: readonly Mapped[]): void {
  const fault = mapped.flatMap(({ problems }) => problems).find(({ at }) => at === "records");
  if (fault)
    throw new InvalidError(`The answer has no list of records: ${fault.reason}`, {
      mend: "Correct the mapping's records, or the address.",
    });
}

function isNameless({ reading, skipped, removed, problems, entity }: Mapped): boolean {
  if (reading !== undefined || skipped === true || removed !== undefined || problems.length === 0) return false;
  return (entity as { metadata?: { name?: unknown } } | undefined)?.metadata?.name === undefined;
}

/** What only messages describe stays: a reading has nothing to say of it. */
async function* nothingToRead(): AsyncIterable<Reading> {
  yield { type: "unchanged", locationPrefix: "" };
}

function headersOf({ token, tokenHeader, tokenPrefix, headers }: HttpSettings): Record<string, string> {
  return { ...headers, ...(token === undefined ? {} : { [tokenHeader]: `${tokenPrefix}${token}` }) };
}

function firstPage({ url, paging, pageParam, pageSize }: HttpSettings): string {
  if (paging !== "offset" && paging !== "page") return new URL(url!).href;
  return withParams(url!, { [pageParam]: paging === "page" ? "1" : "0", limit: String(pageSize) });
}

function withParams(url: string, params: Readonly<Record<string, string>>): string {
  const next = new URL(url);
  for (const [name, value] of Object.entries(params))
    if (name !== "limit" || !next.searchParams.has(name)) next.searchParams.set(name, value);
  return next.href;
}

async function nextPage(
  settings: HttpSettings,
  answer: Answer,
  records: number,
  page: number,
  call: ConnectorCall,
): Promise<string | undefined> {
  const { paging, pageParam, pageSize, nextCursor } = settings;
  if (paging === "link") return answer.next;
  if (paging === "cursor") {
    const [[cell] = []] = await call.evaluate(["body"], [nextCursor], [{ body: answer.body }]);
    const next = cell && "value" in cell ? cell.value : undefined;
    if (next === undefined || next === null || next === "" || next === false) return undefined;
    const text = typeof next === "string" ? next : JSON.stringify(next);
    return /^https?:\/\//.test(text) ? text : withParams(answer.url, { [pageParam]: text });
  }
  if (paging === "none" || records < pageSize) return undefined;
  return withParams(answer.url, { [pageParam]: String(paging === "page" ? page + 2 : (page + 1) * pageSize) });
}

function* readingsOf(one: Mapped, at: string): Iterable<Reading> {
  if (one.reading) return yield one.reading;
  const metadata = (one.entity as { kind?: string; metadata?: { name?: string; namespace?: string } } | undefined)?.metadata;
  const kind = (one.entity as { kind?: string } | undefined)?.kind;
  const ref =
    metadata?.name === undefined || kind === undefined ? undefined : `${kind}:${metadata.namespace ?? "default"}/${metadata.name}`;
  for (const { at: field, reason, mend } of one.problems) {
    yield {
      type: "problem",
      at,
      reason: `${field}: ${reason}`,
      ...(mend === undefined ? {} : { mend }),
      ...(ref === undefined ? {} : { ref }),
    };
  }
}

async function receive(settings: HttpSettings, request: WebhookRequest, call: ConnectorCall): Promise<WebhookOutcome> {
  const header = (name: string): string | undefined => request.headers[name.toLowerCase()];
  if (!isSignedBy(request.secret, request.body, header(settings.signatureHeader), settings.signaturePrefix)) {
    throw new UnauthenticatedError(`The header ${settings.signatureHeader} does not sign this message with the secret of this webhook.`, {
      mend: "Give the system the webhook's secret.",
    });
  }
  const body = parseBody(request.body);
  const [delivery, timestamp] = await valuesOf(call, [settings.delivery, settings.timestamp], body);
  const at = dateOf(timestamp);
  const mapped = await applyMapping(settings.mapping, body, { evaluate: call.evaluate, base: "webhook" });
  return {
    deliveryId:
      header(settings.deliveryHeader) ??
      (typeof delivery === "string" || typeof delivery === "number" ? String(delivery) : digestOf(request.body)),
    ...(at ? { at } : {}),
    readings: mapped.flatMap((one) => [...readingsOf(one, "webhook")]),
    removed: mapped.flatMap(({ removed }) => (removed === undefined ? [] : [removed])),
  };
}

function parseBody(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    throw new InvalidError("The message is no JSON.", { mend: "Let the system send application/json." });
  }
}

async function valuesOf(call: ConnectorCall, expressions: readonly (string | undefined)[], body: unknown): Promise<unknown[]> {
  const given = expressions.filter((expression) => expression !== undefined);
  const [cells = []] = given.length === 0 ? [] : await call.evaluate(["body"], given, [{ body }]);
  let at = 0;
  return expressions.map((expression) => {
    const cell = expression === undefined ? undefined : cells[at++];
    return cell && "value" in cell ? cell.value : undefined;
  });
}

/** A message that names no delivery is the same as another with the same bytes. */
function digestOf(body: Uint8Array): string {
  return createHash("sha256").update(body).digest("hex");
}
