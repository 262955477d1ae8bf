/**
 * How long until a scorecard shows what one fact's change means, among 100,000 entities and the rules that come with Roadbed, at the
 * real server over HTTP; and how long the first look at everything takes: `npm run bench -- scorecards [components]`.
 * Traps avoided: the changes are made at random places, the result is compared with what the change must give and not just with another
 * one, and both ways of changing are measured: a fact of the entity itself, and one of a team that owns thousands.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { writeEstate } from "./lib/generate-estate.ts";
import { startServer } from "./lib/running-server.ts";

const ROOT = join(import.meta.dirname, "..");
const COMPONENTS = Number(process.argv[2] ?? 86_000);
const CHANGES = 20;
const RUBRIC = "production-readiness";
const folder = mkdtempSync(join(tmpdir(), "roadbed-bench-"));

const refs = writeEstate(join(folder, "estate"), COMPONENTS);
const server = await startServer({ clone: ROOT, folder, data: "data", args: ["--empty"] });
try {
  const send = (path: string, body: object, method = "POST"): Promise<any> => server.ask(path, { method, body });
  await send("/api/v1/import", { target: join(folder, "estate"), watch: false });
  const began = performance.now();
  let card: { things: number; computing: boolean; rules: number };
  do {
    await pause(250);
    card = await server.ask(`/api/v1/scorecards/${RUBRIC}`);
  } while (card.computing || card.things < COMPONENTS);
  const first = performance.now() - began;

  const own: number[] = [];
  for (let at = 0; at < CHANGES; at++) {
    const ref = `component:default/svc-${String((at * 7_919) % COMPONENTS).padStart(6, "0")}`;
    // Beside what files say: the description is taken away, and put back.
    for (const value of [null, "Said again by hand, at some length."]) {
      const wanted = value === null ? "fail" : "pass";
      const start = performance.now();
      await send(`/api/v1/entities/${encodeURIComponent(ref)}/facts/lock`, { property: "metadata.description", value, reason: "bench" });
      own.push(await waitFor(ref, "described", wanted, start));
    }
  }

  const team: number[] = [];
  for (let at = 0; at < 4; at++) {
    const ref = `component:default/svc-${String((at * 104_729) % COMPONENTS).padStart(6, "0")}`;
    const { entity } = await server.ask<{ entity: { spec: { owner: string } } }>(`/api/v1/entities/${encodeURIComponent(ref)}`);
    const owner = `group:default/${entity.spec.owner}`;
    const start = performance.now();
    await send(`/api/v1/entities/${encodeURIComponent(owner)}/facts/lock`, {
      property: "spec.onCall",
      value: `lea-${at}`,
      reason: "bench",
    });
    const { lifecycle, type } = (entity as unknown as { spec: { lifecycle: string; type: string } }).spec;
    team.push(await waitFor(ref, "on-call", lifecycle === "production" && type !== "library" ? "pass" : "not-applicable", start));
  }
  const timed = async (path: string): Promise<number> => {
    const start = performance.now();
    await server.ask(path);
    return Math.round(performance.now() - start);
  };
  const figures = {
    entities: refs.length,
    scored: card.things,
    rules: card.rules,
    first_look_s: Math.round(first / 100) / 10,
    fact_seen_ms_median: median(own),
    fact_seen_ms_worst: Math.round(Math.max(...own)),
    team_fact_seen_ms_worst: Math.round(Math.max(...team)),
    matrix_ms: await timed(`/api/v1/scorecards/${RUBRIC}/matrix`),
    list_ms: await timed(`/api/v1/scorecards/${RUBRIC}/scores?limit=50`),
    trend_ms: await timed(`/api/v1/scorecards/${RUBRIC}/trend?days=30`),
  };
  console.log(
    `until a scorecard shows a changed fact: target ≤ 1000 ms, worst ${figures.fact_seen_ms_worst} ms ${figures.fact_seen_ms_worst <= 1_000 ? "✓" : "✗"}`,
  );
  console.log(JSON.stringify({ bench: "scorecards", figures }));
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Milliseconds since `start` until the rule gives this. */
async function waitFor(ref: string, rule: string, outcome: string, start: number): Promise<number> {
  for (;;) {
    const { scores } = await server.ask<{ scores: { scorecard: string; rules: { id: string; outcome: string }[] }[] }>(
      `/api/v1/entities/${encodeURIComponent(ref)}/scores?scorecard=${RUBRIC}`,
    );
    if (scores[0]?.rules.find(({ id }) => id === rule)?.outcome === outcome) return performance.now() - start;
    if (performance.now() - start > 60_000) throw new Error(`${rule} of ${ref} never became ${outcome}`);
    await pause(5);
  }
}

function median(values: number[]): number {
  return Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!);
}
