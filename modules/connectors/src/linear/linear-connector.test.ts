import { createHmac } from "node:crypto";

import type { Found } from "@roadbed/contracts/connector";
import { afterAll, expect, test } from "vitest";

import { callWith, createCel, entitiesOf, readAll } from "../lib/connector.suite.ts";
import { openDouble, type Question, type Reply } from "../lib/double.ts";
import { testFaults } from "../lib/faults.suite.ts";
import { answerAsLinear } from "./linear.double.suite.ts";
import { linearConnector } from "./linear-connector.ts";

const cel = createCel();
afterAll(() => cel.close());

async function readFrom(settings: object, known: readonly Found[] = [], over: (question: Question) => Reply | undefined = () => undefined) {
  const double = await openDouble((question) => over(question) ?? answerAsLinear(question));
  const find = async (asked: Parameters<ReturnType<typeof callWith>["find"]>[0]) =>
    known.filter(({ ref, annotations }) =>
      "refs" in asked ? asked.refs.includes(ref) : asked.annotations.some((name) => name in annotations),
    );
  try {
    return await readAll(linearConnector, { workspace: "sample", token: "t0ken", api: double.url, ...settings }, callWith(cel, { find }));
  } finally {
    await double.close();
  }
}

test("teams become groups; projects add state, lead and progress to what names them, over all pages", async () => {
  const readings = await readFrom({ teams: true }, [
    { ref: "component:default/x", annotations: { "linear.app/project-id": "project-0-slug0" } },
  ]);
  const entities = entitiesOf(readings);
  expect(entities[0]?.entity).toMatchObject({ kind: "Group", metadata: { name: "eng", title: "Engineering" }, spec: { type: "team" } });
  expect(entities.filter(({ mode }) => mode === "enrich")).toHaveLength(121);
  expect(entities.find(({ match }) => match?.value === "project-0-slug0")?.entity.spec).toEqual({
    tracker: [
      {
        source: "linear",
        key: "slug0",
        name: "Project 0",
        url: "https://linear.app/sample/project/project-0-slug0",
        lead: "Ada Lovelace",
        leadMail: "ada@example.com",
        state: "In Progress",
        progress: 0.33,
        targetDate: "2026-06-30",
      },
    ],
  });
  expect(readings.filter(({ type }) => type === "problem")).toHaveLength(119);
});

test("data beside an error is half an answer", async () => {
  const half = () => ({ body: { data: { projects: { nodes: [], pageInfo: { hasNextPage: false } } }, errors: [{ message: "timeout" }] } });
  await expect(readFrom({}, [], half)).rejects.toMatchObject({ code: "UNAVAILABLE" });
});

test("a workspace without projects is answered as that", async () => {
  const none = () => ({ body: { data: { projects: { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } } } } });
  expect(await readFrom({}, [], none)).toEqual([]);
});

const limited = (): Reply => ({
  status: 400,
  headers: {
    "x-ratelimit-requests-remaining": "4000",
    "x-ratelimit-complexity-remaining": "0",
    "x-ratelimit-complexity-reset": String(Date.now() + 90_000),
  },
  body: { errors: [{ message: "Rate limit exceeded", extensions: { code: "RATELIMITED" } }] },
});

testFaults(linearConnector, {
  cel,
  settings: (url) => ({ workspace: "sample", token: "t0ken", api: url }),
  answer: answerAsLinear,
  limit: { reply: limited(), seconds: expect.any(Number) as unknown as number },
  refusal: {
    status: 400,
    body: { errors: [{ message: "no", extensions: { type: "authentication error", code: "AUTHENTICATION_ERROR" } }] },
  },
});

test("a limit of complexity tells how long to wait", async () => {
  const failed = await readFrom({}, [], limited).catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: "TOO_MANY" });
  const { retryAfterSeconds } = failed as { retryAfterSeconds: number };
  expect(retryAfterSeconds).toBeGreaterThan(60);
  expect(retryAfterSeconds).toBeLessThanOrEqual(95);
});

test("a signed message of a project asks for a reading; one that is forged, kept for later or of something else does not", async () => {
  const receive = (value: object, o: { sign?: string; settings?: object } = {}) => {
    const settings = linearConnector.settings.parse({ workspace: "sample", token: "t0ken", ...o.settings });
    const body = Buffer.from(JSON.stringify(value));
    const signature = o.sign ?? createHmac("sha256", "s3cret").update(body).digest("hex");
    const headers = { "linear-signature": signature, "linear-delivery": "d1" };
    return linearConnector.receive!(settings, { headers, body, secret: "s3cret" }, callWith(cel));
  };
  const message = { action: "update", type: "Project", data: { id: "id-0" }, webhookTimestamp: Date.now() };
  expect(await receive(message)).toMatchObject({ deliveryId: "d1", resync: true });
  expect(await receive({ ...message, type: "Issue" })).toMatchObject({ resync: false });
  await expect(receive(message, { sign: "00" })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  await expect(receive({ ...message, webhookTimestamp: Date.now() - 600_000 })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  await expect(receive(message, { settings: { webhookSecret: "lin_wh_other" } })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
});
