import type { FastifyInstance } from "fastify";

export interface CheckResult {
  readonly ok: boolean;
  /** In words, for people: "18.4, 12 connections", or why it is not ok. */
  readonly detail?: string;
}

/** One named part that has to work before the server is of use. */
export interface Check {
  readonly name: string;
  readonly check: () => Promise<CheckResult>;
}

/** What `/readyz` answers. */
export interface Readiness {
  readonly ready: boolean;
  readonly parts: readonly { readonly name: string; readonly state: "ok" | "failing"; readonly detail?: string }[];
}

const CHECK_MS = 2_000;

/** `/healthz`: the process answers. `/readyz`: every part does; 503 until then. `checks` is read at each call. */
export function addHealth(app: FastifyInstance, checks: readonly Check[]): void {
  app.get("/healthz", async (_request, reply) => {
    reply.header("cache-control", "no-store");
    return { status: "alive" };
  });
  app.get("/readyz", async (_request, reply) => {
    const parts = await Promise.all(checks.map(runCheck));
    const ready = parts.every(({ state }) => state === "ok");
    reply.code(ready ? 200 : 503).header("cache-control", "no-store");
    return { ready, parts } satisfies Readiness;
  });
}

async function runCheck({ name, check }: Check): Promise<Readiness["parts"][number]> {
  const { ok, detail } = await withDeadline(check).catch((error: unknown) => ({
    ok: false,
    detail: error instanceof Error ? error.message : String(error),
  }));
  return { name, state: ok ? "ok" : "failing", ...(detail === undefined ? {} : { detail }) };
}

/** A part that hangs is a part that fails: the answer must not wait for it. */
async function withDeadline(check: Check["check"]): Promise<CheckResult> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<CheckResult>((resolve) => {
    timer = setTimeout(() => resolve({ ok: false, detail: `no answer within ${CHECK_MS / 1_000} s` }), CHECK_MS);
  });
  try {
    return await Promise.race([check(), late]);
  } finally {
    clearTimeout(timer);
  }
}
