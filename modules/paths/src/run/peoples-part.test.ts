import { expect, test } from "vitest";

import { peoplesPart, type RetryRow } from "./peoples-part.ts";

const at = (time: string): Date => new Date(`2026-03-01T${time}:00.000Z`);
const RUN = { id: "r", actor: "user:ada", attempt: 1 };
const asked = (id: string, from: string, over: object = {}) => ({
  id,
  rule: id,
  state: "granted" as const,
  asked_at: at(from),
  expires_at: at("23:00"),
  decided_at: null as Date | null,
  automatic: null as string | null,
  ...over,
});
const said = (approval_id: string, who: string, time: string) => ({ approval_id, actor: `user:${who}`, name: who, at: at(time) });
const retry = (attempt: number, from: string, to: string, actor: string): RetryRow => ({
  run_id: "r",
  attempt,
  stopped_at: at(from),
  stopped_as: "failed",
  retried_at: at(to),
  actor,
  name: actor.slice(5),
});
const none = { asked: [], votes: [], retries: [] };

test("waits that overlap count once, and each change of hands is a hand-off", () => {
  const part = peoplesPart(
    { ...RUN, attempt: 2 },
    {
      asked: [asked("owner", "10:00", { decided_at: at("12:00") }), asked("platform", "10:30", { decided_at: at("11:30") })],
      votes: [said("platform", "eve", "11:30"), said("owner", "ben", "12:00")],
      retries: [retry(2, "12:10", "12:25", "user:ada")],
    },
    at("20:00"),
  );
  expect(part).toMatchObject({ humanMinutes: 135, handOffs: 3 });
  expect(part?.waits.map(({ reason, what, minutes, by }) => [reason, what, minutes, by.map(({ name }) => name)])).toEqual([
    ["approval", "owner", 120, ["ben"]],
    ["approval", "platform", 60, ["eve"]],
    ["input", "The run failed", 15, ["ada"]],
  ]);
});

test("one that waits still counts up to now, and not longer than it could be given", () => {
  const waiting = { ...none, asked: [asked("owner", "10:00", { state: "waiting" })] };
  expect(peoplesPart(RUN, waiting, at("10:30"))).toMatchObject({ humanMinutes: 30, waits: [{ minutes: 30, by: [] }] });
  expect(peoplesPart(RUN, waiting, at("10:30"))?.waits[0]?.until).toBeUndefined();
  expect(peoplesPart(RUN, waiting, at("23:30"))).toMatchObject({ humanMinutes: 780, waits: [{ until: at("23:00").toISOString() }] });
});

test("nobody was waited for: zero; a learned rule and a program are nobody", () => {
  expect(peoplesPart(RUN, none, at("10:00"))).toEqual({ humanMinutes: 0, handOffs: 0, waits: [] });
  const learned = [asked("owner", "10:00", { automatic: "rule_1", decided_at: at("10:00") })];
  const byProgram = [retry(2, "10:00", "10:30", "service:ci")];
  expect(peoplesPart({ ...RUN, attempt: 2 }, { asked: learned, votes: [], retries: byProgram }, at("11:00"))).toEqual({
    humanMinutes: 0,
    handOffs: 0,
    waits: [],
  });
});

test("retries that nobody wrote down are not zero minutes", () => {
  expect(peoplesPart({ ...RUN, attempt: 3 }, { ...none, retries: [retry(3, "10:00", "10:30", "user:ada")] }, at("11:00"))).toBeUndefined();
});
