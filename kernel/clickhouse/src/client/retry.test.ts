import { expect, test } from "vitest";

import { isBroken, isUnreached, retrying } from "./retry.ts";

const coded = (code: string) => Object.assign(new Error(code), { code });

test("tries again while the error allows it, and gives the answer in the end", async () => {
  let calls = 0;
  const answer = await retrying(
    async () => {
      if (++calls < 3) throw coded("ECONNRESET");
      return calls;
    },
    { forMs: 5_000, when: isBroken },
  );
  expect(answer).toBe(3);
});

test("gives up at once for another error, and after the time for the same", async () => {
  let calls = 0;
  const failing = (code: string) => async () => {
    calls++;
    throw coded(code);
  };
  await expect(retrying(failing("EACCES"), { forMs: 5_000, when: isBroken })).rejects.toThrow("EACCES");
  expect(calls).toBe(1);
  await expect(retrying(failing("ECONNREFUSED"), { forMs: 1, when: isUnreached })).rejects.toThrow("ECONNREFUSED");
});

test("a broken connection is not an unreached server", () => {
  expect(isUnreached(coded("ECONNRESET"))).toBe(false);
  expect(isUnreached(new AggregateError([coded("ECONNREFUSED")]))).toBe(true);
  expect(isBroken(new Error("socket hang up"))).toBe(true);
  expect(isBroken(new Error("x", { cause: coded("EPIPE") }))).toBe(true);
});
