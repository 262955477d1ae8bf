import type { Cel } from "@roadbed/cel";
import type { Connector } from "@roadbed/contracts/connector";
import { describe, expect, test } from "vitest";

import { callWith, readAll } from "./connector.suite.ts";
import { openDouble, type Question, type Reply } from "./double.ts";

interface FaultOptions {
  readonly cel: Cel;
  readonly settings: (url: string) => object;
  /** What the system answers when all is well: faults strike at a question after the first. */
  readonly answer: (question: Question) => Reply;
  /** How the system says that it was asked too often; default 429 with `Retry-After`. */
  readonly limit?: { readonly reply: Reply; readonly seconds: number };
  /** How it says that the credentials are wrong; default 401. */
  readonly refusal?: Reply;
  /** Which question is broken, counted from 0. */
  readonly strikeAt?: number;
}

/** What may happen with any system: whatever it is, a reading throws, so that nothing is taken away, and says what to do. */
export function testFaults<S extends object>(connector: Connector<S>, o: FaultOptions): void {
  const { strikeAt = 1, limit = { reply: { status: 429, headers: { "retry-after": "17" } }, seconds: 17 } } = o;

  async function readWith(fault: Reply | "silence" | "half", signal = new AbortController().signal) {
    let asked = 0;
    const double = await openDouble((question, raw) => {
      if (asked++ !== strikeAt) return o.answer(question);
      if (fault === "silence") return undefined;
      if (fault !== "half") return fault;
      raw.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
      raw.write('{"half":');
      setTimeout(() => raw.destroy(), 20);
      return undefined;
    });
    try {
      return await readAll(connector, o.settings(double.url), callWith(o.cel, { signal }));
    } finally {
      await double.close();
    }
  }

  describe(`${connector.kind}: a reading ends with an error`, () => {
    test("when the credentials are refused, and says what to give", async () => {
      await expect(readWith(o.refusal ?? { status: 401, body: {} })).rejects.toMatchObject({ code: "INVALID", mend: expect.any(String) });
    });

    test("when the system fails", async () => {
      await expect(readWith({ status: 500, body: "oops" })).rejects.toMatchObject({ code: "UNAVAILABLE" });
    });

    test("when the limit of calls is reached, with the seconds to wait", async () => {
      await expect(readWith(limit.reply)).rejects.toMatchObject({ code: "TOO_MANY", retryAfterSeconds: limit.seconds });
    });

    test("when half an answer comes", async () => {
      await expect(readWith("half")).rejects.toThrow();
    });

    test("when an answer is whole but not what it should be", async () => {
      await expect(readWith({ body: {} })).rejects.toMatchObject({ code: "UNAVAILABLE" });
      await expect(readWith({ body: "<html>Sign in</html>" })).rejects.toMatchObject({ code: "UNAVAILABLE" });
    });

    test("when no answer comes in time", async () => {
      await expect(readWith("silence", AbortSignal.timeout(150))).rejects.toThrow();
    });
  });
}
