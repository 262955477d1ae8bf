import { quietLog } from "@roadbed/testkit";
import { describe, expect, test } from "vitest";

import { tracesOf } from "../fixtures/spans-of.ts";
import { useTelemetry } from "../fixtures/use-telemetry.suite.ts";
import { createTelemetry } from "../index.ts";
import { createDiskGuard } from "./disk-guard.ts";

const it = useTelemetry();
const MB = 1024 * 1024;
const WEEK = 7 * 86_400_000;
const weeks = () => it.rows<{ age: number }>("select dateDiff('week', toMonday(time), toMonday(now())) as age from spans order by age");

describe("a disk that is nearly full", () => {
  test("loses its oldest raw week, one at a time, and never the one that is being written", async () => {
    const now = Date.now();
    await it.send(
      tracesOf({
        shop: [
          { id: 1, at: now },
          { id: 2, at: now - WEEK },
          { id: 3, at: now - 3 * WEEK },
        ],
      }),
    );
    let clock = now;
    const guard = createDiskGuard(it.store.client, quietLog, { free: async () => 500 * MB, now: () => clock });
    expect(guard.detail()).toBeUndefined();
    await guard.look();
    await guard.look();
    expect((await weeks()).map(({ age }) => age)).toEqual([0, 1]);
    expect(guard.detail()).toMatch(/nearly full \(500 MB free\): the oldest telemetry goes; dropped last: spans of the week of/);
    expect(guard.refusal()).toBeUndefined();
    for (let i = 0; i < 3; i++) {
      clock += 600_000;
      await guard.look();
    }
    expect((await weeks()).map(({ age }) => age)).toEqual([0]);
  });

  test("makes the intake refuse with words, and take again when there is room", async () => {
    let free = 10 * MB;
    const full = createTelemetry({ clickhouse: it.store.client, log: quietLog, disk: { free: async () => free } });
    const request = () =>
      ({
        signal: "traces",
        contentType: "application/x-protobuf",
        contentEncoding: undefined,
        body: tracesOf({ shop: [{ id: 1, at: Date.now() }] }),
      }) as const;
    await full.lookAtDisk();
    await expect(full.intake.ingest(request())).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("The disk is nearly full (10 MB free)"),
    });
    expect(await full.health()).toMatchObject({ ok: false, detail: expect.stringContaining("telemetry is refused") });
    free = 5_000 * MB;
    await full.lookAtDisk();
    expect(await full.intake.ingest(request())).toMatchObject({ accepted: 1 });
    expect(await full.health()).toEqual({ ok: true });
    await full.stop();
  });

  test("that cannot be looked at changes nothing", async () => {
    const guard = createDiskGuard(it.store.client, quietLog, { free: async () => Promise.reject(new Error("gone")), now: Date.now });
    await guard.look();
    expect(guard.refusal()).toBeUndefined();
  });
});
