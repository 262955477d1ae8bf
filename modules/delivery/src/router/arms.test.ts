import { createServer, type RequestListener, type Server } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import type { AddressInfo } from "node:net";

import { eventually, quietLog } from "@roadbed/testkit";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { quantileEdge } from "../analysis/slow-requests.ts";
import { chooseBackend } from "./choose.ts";
import { createMeter, sinceThen } from "./metrics.ts";
import { createRouter, type Router } from "./router.ts";
import type { Backend, RouteRules } from "./table.ts";

const servers: Server[] = [];
let router: Router;
let address: string;

beforeAll(async () => {
  router = createRouter({ log: quietLog, port: 0 });
  address = `http://127.0.0.1:${await router.listen()}`;
});
afterAll(async () => {
  await router.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

describe("which arm answers", () => {
  const arms = (candidate: number): Backend[] => [
    { port: 1, weight: 50 - candidate / 2 },
    { port: 2, weight: 50 - candidate / 2 },
    { port: 3, weight: candidate, arm: "candidate" },
  ];

  test("callers that stick are spread by weight, and nobody who had the candidate loses it while its weight grows", () => {
    const sticky: RouteRules = { sticky: { by: "header", name: "x-user" } };
    const armOf = (caller: string, weight: number) =>
      chooseBackend(arms(weight), sticky, { "x-user": caller }, () => 0)?.backend.arm ?? "stable";
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.integer({ min: 1, max: 99 }), fc.integer({ min: 1, max: 99 }), (caller, a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        expect(armOf(caller, low)).toBe(armOf(caller, low));
        if (armOf(caller, low) === "candidate") expect(armOf(caller, high)).toBe("candidate");
      }),
    );
    const share = Array.from({ length: 20_000 }, (_, n) => armOf(`user-${n}`, 10)).filter((arm) => arm === "candidate").length / 20_000;
    expect(share).toBeGreaterThan(0.09);
    expect(share).toBeLessThan(0.11);
  });

  test("a header goes before the weight, a value that differs does not, and an arm that is not there is passed over", () => {
    const rules: RouteRules = { headers: [{ name: "x-canary", value: "yes", arm: "candidate" }] };
    const chosen = (value: string, backends = arms(0)) => chooseBackend(backends, rules, { "x-canary": value }, () => 0);
    expect(chosen("yes")).toMatchObject({ backend: { port: 3 }, routed: true });
    expect(chosen("no")).toMatchObject({ backend: { port: 1 }, routed: false });
    expect(chosen("yes", [{ port: 1, weight: 1 }])).toMatchObject({ backend: { port: 1 }, routed: false });
  });

  test("a caller without a cookie is given the router's own, which keeps it where it is", async () => {
    const ports = [await serve(text("one")), await serve(text("two"))];
    const backends: Backend[] = [
      { port: ports[0]!, weight: 1 },
      { port: ports[1]!, weight: 1, arm: "candidate" },
    ];
    router.set({ environment: "dev", name: "sticky" }, { kind: "process", backends, rules: { sticky: { by: "cookie" } } });
    const first = await fetch(`${address}/dev/sticky/`);
    const [cookie = ""] = first.headers.getSetCookie();
    expect(cookie).toMatch(/^roadbed_way=\w+; Path=\/dev\/sticky\/; HttpOnly; SameSite=Lax$/);
    const said = await first.text();
    for (let n = 0; n < 10; n++) {
      const answer = await fetch(`${address}/dev/sticky/`, { headers: { cookie: cookie.split(";")[0]! } });
      expect([await answer.text(), answer.headers.getSetCookie()]).toEqual([said, []]);
    }
  });
});

describe("what is counted", () => {
  test("answers, failures, refusals, late answers and callers that left, each for its arm", async () => {
    const port = await serve((request, response) => {
      if (request.url === "/fail") response.writeHead(500).end();
      else if (request.url !== "/hang") response.end("ok");
    });
    const key = { environment: "dev", name: "counted" };
    const set = (backends: Backend[]) => router.set(key, { kind: "process", backends, rules: { answerMs: 2_000 } });
    set([{ port, weight: 1, arm: "candidate" }]);
    const ask = async (path: string) => (await fetch(`${address}/dev/counted${path}`)).status;
    expect(await Promise.all([ask("/"), ask("/"), ask("/fail"), ask("/hang")])).toEqual([200, 200, 500, 504]);
    await expect(fetch(`${address}/dev/counted/hang`, { signal: AbortSignal.timeout(50) })).rejects.toThrow();
    set([{ port: 1, weight: 1, arm: "candidate" }]);
    expect(await ask("/")).toBe(502);
    await eventually(async () => expect(router.metrics(key).candidate.abandoned).toBe(1));
    const { candidate, stable } = router.metrics(key);
    expect(candidate).toMatchObject({ requests: 6, failed: 4, timedOut: 1, unanswered: 1 });
    expect(candidate.latency.counts.reduce((sum, one) => sum + one, 0)).toBe(6);
    expect(stable.requests).toBe(0);
  });

  test("a process that is not there any more is passed over where another can answer, and only its own figures tell", async () => {
    const port = await serve(text("alive"));
    const key = { environment: "dev", name: "halves" };
    const backends: Backend[] = [
      { port, weight: 1 },
      { port: 1, weight: 1, arm: "candidate" },
    ];
    router.set(key, { kind: "process", backends });
    const answers = await Promise.all(Array.from({ length: 40 }, async () => (await fetch(`${address}/dev/halves/`)).text()));
    expect(new Set(answers)).toEqual(new Set(["alive"]));
    const { candidate, stable } = router.metrics(key);
    expect(candidate.unanswered).toBeGreaterThan(0);
    expect(candidate.unanswered).toBe(candidate.requests);
    expect([stable.requests, stable.failed]).toEqual([40, 0]);
  });

  test("quantiles of what was measured are right to a bucket, and two readings can be told apart", () => {
    const meter = createMeter();
    for (let ms = 1; ms <= 1_000; ms++) meter.outcome("answered", 200, ms, false);
    const before = meter.read();
    expect(quantileEdge(before.latency, 0.5)! / 500).toBeCloseTo(1, 1);
    meter.outcome("answered", 503, 5, false);
    meter.outcome("answered", 503, 5, true);
    expect(sinceThen(before, meter.read())).toMatchObject({ requests: 1, failed: 1, routed: 1 });
  });
});

describe("a mirrored request", () => {
  test("is never felt: not its answer, not its failure, not how long it takes", async () => {
    const heard: string[] = [];
    const [port, shadow] = [
      await serve(text("real")),
      await serve((request, response) => {
        let body = "";
        request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
        request.on("end", () => {
          heard.push(`${request.method} ${request.url} ${body}`);
          if (request.url === "/same") response.end("real");
          else if (request.url === "/breaks") response.destroy();
          else if (request.url !== "/hangs") response.writeHead(500).end("shadow");
        });
      }),
    ];
    const key = { environment: "dev", name: "mirrored" };
    const backends: Backend[] = [
      { port, weight: 1 },
      { port: shadow, weight: 0, arm: "candidate" },
    ];
    router.set(key, { kind: "process", backends, rules: { mirror: { share: 1, arm: "candidate", unsafe: true } } });
    const post = (path: string, body: string) => fetch(`${address}/dev/mirrored${path}`, { method: "POST", body });
    const answers = [
      await fetch(`${address}/dev/mirrored/same`),
      await post("/other", "hello"),
      await fetch(`${address}/dev/mirrored/breaks`),
      await fetch(`${address}/dev/mirrored/hangs`),
      await post("/large", "x".repeat(300_000)),
    ];
    expect(await Promise.all(answers.map(async (answer) => `${answer.status} ${await answer.text()}`))).toEqual(Array(5).fill("200 real"));
    await eventually(async () =>
      expect(router.metrics(key).candidate.mirrored).toEqual({ sent: 4, same: 1, different: 1, failed: 1, skipped: 1 }),
    );
    expect(heard.slice(0, 2)).toEqual(["GET /same ", "POST /other hello"]);
    expect(router.metrics(key)).toMatchObject({ stable: { requests: 5, failed: 0 }, candidate: { requests: 0 } });
    // Unless it is said to be safe, what may change something is not done twice.
    router.set(key, { kind: "process", backends, rules: { mirror: { share: 1, arm: "candidate" } } });
    await post("/again", "hello");
    expect(router.metrics(key).candidate.mirrored).toMatchObject({ sent: 4, skipped: 2 });
  });
});

test("HTTP/2 is spoken on the same port by those who begin with it", async () => {
  const port = await serve((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.on("end", () =>
      response.setHeader("x-host", request.headers["x-forwarded-host"] ?? "").end(`${request.method} ${request.url} ${body}`),
    );
  });
  router.set({ environment: "dev", name: "two" }, { kind: "process", backends: [{ port, weight: 1 }] });
  const session = connectHttp2(address);
  const ask = (path: string, method: string, body: string) =>
    new Promise<[number, string, string]>((resolve, reject) => {
      const call = session.request({ ":path": path, ":method": method }, { endStream: body === "" });
      let [status, host, answer] = [0, "", ""];
      call.on("response", (headers) => {
        status = headers[":status"] ?? 0;
        host = String(headers["x-host"]);
      });
      call.setEncoding("utf8").on("data", (chunk: string) => (answer += chunk));
      call.on("end", () => resolve([status, host, answer]));
      call.on("error", reject);
      if (body !== "") call.end(body);
    });
  const host = address.slice("http://".length);
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, n) => ask(`/dev/two/n?x=${n}`, n % 2 ? "POST" : "GET", n % 2 ? `b${n}` : "")),
  );
  expect(answers).toEqual(answers.map((_, n) => [200, host, n % 2 ? `POST /n?x=${n} b${n}` : `GET /n?x=${n} `]));
  expect((await ask("/dev/nobody/", "GET", ""))[0]).toBe(404);
  session.close();
});

test("no request is dropped while the weights change under it", async () => {
  const [one, two] = [await serve(text("1")), await serve(text("2"))];
  const key = { environment: "dev", name: "changing" };
  const set = (weight: number) =>
    router.set(key, {
      kind: "process",
      backends: [
        { port: one, weight: 100 - weight },
        { port: two, weight, arm: "candidate" },
      ],
    });
  set(0);
  const seen = new Map<string, number>();
  let going = true;
  const callers = Array.from({ length: 8 }, async (_, n) => {
    while (going) {
      const answer = await fetch(`${address}/dev/changing/`, n % 2 ? { method: "POST", body: "x" } : {});
      const said = `${answer.status} ${await answer.text()}`;
      seen.set(said, (seen.get(said) ?? 0) + 1);
    }
  });
  for (let change = 0; change < 200; change++) {
    set([0, 100, 5, 50, 95][change % 5]!);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  going = false;
  await Promise.all(callers);
  expect([...seen.keys()].sort()).toEqual(["200 1", "200 2"]);
});

function text(answer: string): RequestListener {
  return (request, response) => {
    request.resume();
    request.on("end", () => response.end(answer));
  };
}

async function serve(handler: RequestListener): Promise<number> {
  const server = createServer(handler).listen(0, "127.0.0.1");
  servers.push(server);
  await new Promise((resolve) => server.once("listening", resolve));
  return (server.address() as AddressInfo).port;
}
