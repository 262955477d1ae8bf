/** What Roadbed does with wrong input and when its parts are killed: it says so, and nothing acknowledged is lost. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { importSource, listEntities } from "@roadbed/contracts/catalog";
import { createToken, listAudit, revokeToken } from "@roadbed/contracts/identity";
import { listIncidents, openIncident } from "@roadbed/contracts/telemetry";

import { eventually, startRoadbed, type RunningRoadbed } from "./lib/start-roadbed.ts";

let roadbed: RunningRoadbed;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "roadbed-faults-"));
  roadbed = await startRoadbed({ through: "npm start" });
});

afterAll(async () => {
  await roadbed?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const send = (path: string, init: Omit<RequestInit, "headers"> & { headers?: Record<string, string> } = {}): Promise<Response> =>
  fetch(roadbed.url + path, { ...init, headers: { authorization: `Bearer ${roadbed.token}`, ...init.headers } });

describe("telemetry that is wrong", () => {
  const cases: [string, Omit<RequestInit, "headers"> & { headers: Record<string, string> }, number][] = [
    [
      "malformed protobuf",
      { body: new Uint8Array([0x0a, 0xff, 0xff, 0xff, 0xff, 0x01]), headers: { "content-type": "application/x-protobuf" } },
      400,
    ],
    ["malformed JSON", { body: "{", headers: { "content-type": "application/json" } }, 400],
    ["a wrong content type", { body: "spans", headers: { "content-type": "text/plain" } }, 400],
    ["gzip that is none", { body: "nope", headers: { "content-type": "application/x-protobuf", "content-encoding": "gzip" } }, 400],
    [
      "a gzip bomb",
      {
        body: gzipSync(Buffer.alloc(400 * 1024 * 1024)),
        headers: { "content-type": "application/x-protobuf", "content-encoding": "gzip" },
      },
      413,
    ],
    ["an oversized body", { body: new Uint8Array(20 * 1024 * 1024), headers: { "content-type": "application/x-protobuf" } }, 413],
  ];
  test.each(cases)("%s is refused with its reason", async (_name, init, status) => {
    const answer = await send("/v1/traces", { method: "POST", ...init });
    expect([status, status === 400 ? 415 : status]).toContain(answer.status);
  });

  test("nobody sends telemetry without a token", async () => {
    expect(
      (await fetch(`${roadbed.url}/v1/traces`, { method: "POST", body: "", headers: { "content-type": "application/x-protobuf" } })).status,
    ).toBe(401);
  });

  test("and good telemetry is still taken after all that", async () => {
    expect((await sendSpan("after-all-that", 1)).status).toBe(200);
  });
});

describe("callers who may not", () => {
  test("no credential, a made-up one and a revoked one are refused", async () => {
    expect((await fetch(`${roadbed.url}/api/v1/entities`)).status).toBe(401);
    expect((await fetch(`${roadbed.url}/api/v1/entities`, { headers: { authorization: "Bearer rb_made_up" } })).status).toBe(401);
    const { token, secret } = await roadbed.client.call(createToken, { name: "short", kind: "service", scopes: ["catalog:read"] });
    const mine = { authorization: `Bearer ${secret}` };
    expect((await fetch(`${roadbed.url}/api/v1/entities`, { headers: mine })).status).toBe(200);
    expect((await fetch(`${roadbed.url}/api/v1/audit`, { headers: mine })).status).toBe(403);
    await roadbed.client.call(revokeToken, { id: token.id });
    expect((await fetch(`${roadbed.url}/api/v1/entities`, { headers: mine })).status).toBe(401);
  });

  test("a cookie's write needs the header and our own origin", async () => {
    const cookie = await signIn();
    const write = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${roadbed.url}/api/v1/incidents`, {
        method: "POST",
        headers: { cookie, "content-type": "application/json", ...headers },
        body: JSON.stringify({ title: "t", service: "s" }),
      });
    expect((await write({})).status).toBe(403);
    expect((await write({ "x-roadbed-csrf": "1", origin: "https://evil.example" })).status).toBe(403);
    expect((await write({ "x-roadbed-csrf": "1", origin: roadbed.url })).status).toBe(200);
  });
});

describe("input that is wrong", () => {
  test("each wrong field is named with its reason, and unknown ones too", async () => {
    const answer = await send("/api/v1/incidents", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ title: "", servce: "x" }),
    });
    expect(answer.status).toBe(400);
    const body = (await answer.json()) as { code: string; problems: { at: string }[]; requestId: string };
    expect(body).toMatchObject({ code: "INVALID", requestId: expect.any(String) });
    expect(body.problems.map(({ at }) => at)).toEqual(expect.arrayContaining(["servce"]));
  });

  test("SQL and HTML in text fields are text", async () => {
    const title = `'); drop table telemetry.incident; -- <script>alert(1)</script>`;
    await roadbed.client.call(openIncident, { title, service: "orders" });
    const { items } = await roadbed.client.call(listIncidents, { service: "orders" });
    expect(items[0]?.title).toBe(title);
  });

  test("a replayed idempotency key does the write once; with other input it is refused", async () => {
    const input = { title: "Once only", service: "replayed" };
    const first = await roadbed.client.call(openIncident, input, { idempotencyKey: "key-1" });
    const second = await roadbed.client.call(openIncident, input, { idempotencyKey: "key-1" });
    expect(second.id).toBe(first.id);
    expect((await roadbed.client.call(listIncidents, { service: "replayed" })).items).toHaveLength(1);
    await expect(roadbed.client.call(openIncident, { ...input, title: "Other" }, { idempotencyKey: "key-1" })).rejects.toMatchObject({
      code: "CONFLICT",
    });
  });

  test("every write and every refusal is in the audit log", async () => {
    const { items } = await roadbed.client.call(listAudit, { limit: 200 });
    expect(items.map(({ operation }) => operation)).toEqual(expect.arrayContaining(["telemetry.incident.open", "identity.token.revoke"]));
    expect(JSON.stringify(items)).not.toContain("drop table");
  });
});

describe("parts that are killed", () => {
  test("the telemetry child is killed during ingest: every acknowledged span is there", async () => {
    let acknowledged = 0;
    let stop = false;
    const writer = (async () => {
      while (!stop) if ((await sendSpan("survivor", 20).catch(() => undefined))?.status === 200) acknowledged += 20;
    })();
    await eventually(async () => (acknowledged > 100 ? true : undefined));
    process.kill(pidOf("clickhouse"), "SIGKILL");
    const before = acknowledged;
    await eventually(async () => (acknowledged > before + 100 ? true : undefined), 30_000);
    stop = true;
    await writer;
    await eventually(async () => {
      const answer = await send(`/api/v1/telemetry/services/survivor`);
      const { summary } = (await answer.json()) as { summary: { requests: number } };
      return summary.requests === acknowledged ? true : undefined;
    }, 20_000);
  });

  test("Postgres is killed during writes: health tells, it comes back, and every acknowledged write is there", async () => {
    const written: string[] = [];
    let stop = false;
    const writer = (async () => {
      for (let i = 0; !stop; i++) {
        const made = await roadbed.client.call(openIncident, { title: `n${i}`, service: "durable" }).catch(() => undefined);
        if (made) written.push(made.id);
      }
    })();
    await eventually(async () => (written.length > 20 ? true : undefined));
    process.kill(pidOf("postgres"), "SIGKILL");
    const before = written.length;
    await eventually(async () => (written.length > before + 20 ? true : undefined), 60_000);
    stop = true;
    await writer;
    const ids = new Set<string>();
    for (let cursor: string | undefined; ;) {
      const page = await roadbed.client.call(listIncidents, {
        service: "durable",
        limit: 500,
        ...(cursor === undefined ? {} : { cursor }),
      });
      for (const { id } of page.items) ids.add(id);
      cursor = page.nextCursor;
      if (cursor === undefined) break;
    }
    expect(written.filter((id) => !ids.has(id))).toEqual([]);
    await eventually(async () => ((await fetch(`${roadbed.url}/readyz`)).status === 200 ? true : undefined));
  });

  test("the server is killed during an import: the import is whole or absent, and can be done again", async () => {
    const estate = join(folder, "estate");
    mkdirSync(estate);
    const documents = Array.from(
      { length: 3_000 },
      (_, i) => `apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: { name: g${i} }\nspec: { type: team, children: [] }\n`,
    );
    writeFileSync(join(estate, "catalog-info.yaml"), documents.join("---\n"));
    const going = roadbed.client.call(importSource, { target: estate, watch: false }).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 150));
    await roadbed.crash();
    const answered = await going;
    await roadbed.restart();
    const total = async (): Promise<number> => (await roadbed.client.call(listEntities, { filter: "kind=group", limit: 1 })).total ?? -1;
    expect(answered ? [3_000] : [0, 3_000]).toContain(await total());
    await roadbed.client.call(importSource, { target: estate, watch: false });
    expect(await total()).toBe(3_000);
  });

  test("a second start on the same folder says who holds it", async () => {
    await expect(startRoadbed({ args: ["--empty", "--data", roadbed.dataDir] })).rejects.toThrow(/Another Roadbed/);
  });
});

function sendSpan(service: string, count: number): Promise<Response> {
  const now = BigInt(Date.now()) * 1_000_000n;
  const hex = (bytes: number): string => Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex");
  const spans = Array.from({ length: count }, () => ({
    traceId: hex(16),
    spanId: hex(8),
    name: "GET /",
    kind: 2,
    startTimeUnixNano: String(now),
    endTimeUnixNano: String(now + 5_000_000n),
  }));
  const body = {
    resourceSpans: [{ resource: { attributes: [{ key: "service.name", value: { stringValue: service } }] }, scopeSpans: [{ spans }] }],
  };
  return send("/v1/traces", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

/** Signs in by a name and a password and answers the cookie. */
async function signIn(): Promise<string> {
  await send("/api/v1/users", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: "tester", displayName: "Tester", role: "admin", password: "a long enough password" }),
  });
  const answer = await fetch(`${roadbed.url}/auth/password`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-roadbed-csrf": "1", origin: roadbed.url },
    body: JSON.stringify({ username: "tester", password: "a long enough password" }),
  });
  expect(answer.status).toBe(200);
  return (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
}

/** The process of a store: what the telemetry store wrote down, or the database by the folder on its command line. */
function pidOf(part: "postgres" | "clickhouse"): number {
  if (part === "clickhouse")
    return (JSON.parse(readFileSync(join(roadbed.dataDir, "clickhouse/child.json"), "utf8")) as { pid: number }).pid;
  const [pid] = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && commandOf(name).includes(join(roadbed.dataDir, part)));
  if (pid === undefined) throw new Error(`no ${part} process names ${roadbed.dataDir}`);
  return Number(pid);
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return ""; // it ended meanwhile
  }
}
