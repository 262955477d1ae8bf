import { changeProposed } from "@roadbed/contracts/catalog/changes";
import { changeMoved, changeOpened } from "@roadbed/contracts/delivery/changes";
import { stopsTheAct } from "@roadbed/contracts/standards";
import { getCheck, getCheckSarif, listChecks, overrideCheck, runCheck } from "@roadbed/contracts/standards/checks";
import { toSarif, type Checked } from "@roadbed/contracts/standards/check-report";
import {
  ConflictError,
  DomainError,
  encodeCursor,
  formatActor,
  handle,
  NotFoundError,
  readCursor,
  TooLargeError,
  TooManyError,
  UnavailableError,
  z,
  type Call,
  type Ctx,
  type Handler,
  type Logger,
  type Runtime,
  type Subscription,
} from "@roadbed/core";

import { openRepository, type HostPorts } from "../host/hosts.ts";
import type { CheckedFiles } from "../files/check-files.ts";
import { changeCheck, findCheckOf, insertCheck, takeWaiting, toCheck, type CheckRow } from "./check-store.ts";
import { gather } from "./gather.ts";
import { createLooking } from "../wake-and-look.ts";

export interface CheckerDeps {
  readonly hosts: HostPorts;
  readonly runtime: Runtime & { system(job: string): Call };
  readonly log: Logger;
  /** What policies say of changed files, rendered. */
  readonly checkFiles: CheckedFiles;
  /** Whether the caller may know of a repository of the embedded host. */
  readonly sees?: ((ctx: Ctx, repository: string) => Promise<boolean>) | undefined;
}

/** Checks proposed changes on the server, once for each commit, and tells the host. */
export interface Checker {
  readonly handlers: readonly Handler[];
  readonly subscriptions: readonly Subscription[];
  /** What stands in the way of merging a commit of a change at the embedded host: it is checked now, where it was not. */
  gate(ctx: Ctx, change: { readonly repository: string; readonly id: string; readonly base: string; readonly head: string }): Promise<void>;
  wake(): void;
  /** Does what waits, now. */
  look(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

const EVERY_MS = 30_000;
const MOST_TRIES = 20;
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 10 * 60_000;
const MOST_AT_ONCE = 200;

export function createChecker(deps: CheckerDeps): Checker {
  const { runtime, log } = deps;
  const looking = createLooking({
    everyMs: EVERY_MS,
    look,
    failed: (error) => log.error("changes were not checked", { error: String(error) }),
  });

  return {
    handlers: makeHandlers(deps),
    subscriptions: [hearEmbedded(deps), hearOutside()],
    gate: (ctx, change) => gate(deps, ctx, change),
    ...looking,
    look,
  };

  async function look(): Promise<void> {
    for (let done = 0; done < MOST_AT_ONCE; done++) {
      const call = runtime.system("standards.checks");
      const isWaiting = await runtime.read(call, async (ctx) => (await takeWaiting(ctx.sql, ctx.now())) !== undefined);
      if (!isWaiting) return;
      const did = await runtime.write(call, runCheck, {}, undefined, async (ctx) => {
        const row = await takeWaiting(ctx.sql, ctx.now());
        if (row) await settle(deps, ctx, row);
        return row !== undefined;
      });
      if (!did) return;
    }
  }
}

/** Reads both sides, judges, and tells. A host that does not answer is asked again; what was found before is kept meanwhile. */
async function settle(deps: CheckerDeps, ctx: Ctx, row: CheckRow): Promise<CheckRow> {
  try {
    const result = row.result ?? (await judge(deps, ctx, row));
    const judged: CheckRow = { ...row, result };
    if (row.system === "embedded") return await changeCheck(ctx, row, { state: "done", result, told: true });
    try {
      await tellHost(deps, row, row.override === null ? result : withoutUnread(result));
    } catch (error) {
      return await postponed(ctx, judged, error, { result });
    }
    return await changeCheck(ctx, row, { state: "done", result, told: true });
  } catch (error) {
    return postponed(ctx, row, error, {});
  }
}

async function postponed(ctx: Ctx, row: CheckRow, error: unknown, more: { readonly result?: Checked }): Promise<CheckRow> {
  if (!(error instanceof DomainError)) throw error;
  const isPassing = error instanceof UnavailableError || error instanceof TooManyError;
  const tries = row.tries + 1;
  if (!isPassing || tries >= MOST_TRIES)
    return changeCheck(ctx, row, { state: more.result ? "done" : "failed", reason: error.message, tries, ...more });
  const wait = error instanceof TooManyError ? error.retryAfterSeconds * 1_000 : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** row.tries);
  return changeCheck(ctx, row, { state: "waiting", reason: error.message, tries, nextAt: new Date(ctx.now().getTime() + wait), ...more });
}

/** What could not be checked is let through by somebody; what policies deny is not. */
function withoutUnread(result: Checked): Checked {
  return result.verdict === "unknown" && stoppingIn(result).length === 0 ? { ...result, verdict: "warn" } : result;
}

function stoppingIn({ findings }: Checked): Checked["findings"] {
  return findings.filter(({ introduced, severity, waiver }) => introduced && severity === "deny" && waiver === undefined);
}

/** A change that is too large is not checked in part: it is said that it was not. */
async function judge(deps: CheckerDeps, ctx: Ctx, row: CheckRow): Promise<Checked> {
  try {
    return await judgeFiles(deps, ctx, row);
  } catch (error) {
    if (!(error instanceof TooLargeError)) throw error;
    const unread = [{ file: ".", line: 1, reason: error.message, mend: error.mend ?? "Split it." }];
    return { verdict: "unknown", findings: [], introduced: 0, known: 0, mended: 0, resources: 0, evaluated: 0, unchecked: 1, unread };
  }
}

async function judgeFiles({ hosts, checkFiles }: CheckerDeps, ctx: Ctx, row: CheckRow): Promise<Checked> {
  const { system, host, path, base, head } = row;
  if (system === "embedded") {
    const { embedded } = hosts;
    if (!embedded?.compare || !embedded.listFiles) throw new UnavailableError("This server has no Git host of its own.");
    const text = async (commit: string, file: string): Promise<string | undefined> => {
      const bytes = await embedded.readFile(path, commit, file);
      return bytes && Buffer.from(bytes).toString("utf8");
    };
    const [changed, before, after] = [
      await embedded.compare(path, base, head),
      await embedded.listFiles(path, base),
      await embedded.listFiles(path, head),
    ];
    const files = await gather(changed, {
      before: { paths: before, read: (file) => text(base, file) },
      after: { paths: after, read: (file) => text(head, file) },
    });
    return checkFiles(ctx, files);
  }
  const repository = await repositoryOf(hosts, { system, host, path });
  const { start, changed } = await repository.compare(base, head);
  const [before, after] = [await repository.list(start), await repository.list(head)];
  const files = await gather(changed, {
    before: { paths: before, read: (file) => repository.read(start, file) },
    after: { paths: after, read: (file) => repository.read(head, file) },
  });
  return checkFiles(ctx, files);
}

async function tellHost({ hosts }: CheckerDeps, { system, host, path, number, head, id }: CheckRow, result: Checked): Promise<void> {
  if (system === "embedded") return;
  const repository = await repositoryOf(hosts, { system, host, path });
  await repository.report({ number, head, result, link: `${hosts.publicUrl}/standards/checks/${id}` });
}

async function repositoryOf(
  hosts: HostPorts,
  { system, host, path }: { readonly system: "github" | "gitlab"; readonly host: string; readonly path: string },
) {
  const repository = await openRepository(hosts, system, host, path);
  if (!repository)
    throw new ConflictError(`No connection to ${host} is opened for golden paths, so ${path} is not checked.`, {
      mend: "Switch on goldenPaths for the source that connects it.",
    });
  return repository;
}

async function gate(
  deps: CheckerDeps,
  ctx: Ctx,
  { repository, id, base, head }: { repository: string; id: string; base: string; head: string },
): Promise<void> {
  const about = { system: "embedded" as const, host: "", path: repository, number: id, head };
  let row = await findCheckOf(ctx.sql, about);
  row ??= (await insertCheck(ctx, { ...about, base })) ?? (await findCheckOf(ctx.sql, about));
  if (row && row.state !== "done") row = await settle(deps, ctx, row);
  if (row === undefined) return;
  const stopping = row.result === null ? [] : stoppingIn(row.result);
  if (stopping.length === 0) {
    if (row.override !== null || (row.verdict !== null && !stopsTheAct(row.verdict))) return;
    throw notChecked(row);
  }
  throw new ConflictError(
    `Policies deny what the change brings: ${stopping
      .map(({ title }) => title)
      .slice(0, 3)
      .join("; ")}.`,
    {
      mend: "Mend it on the branch, or ask for a waiver.",
      problems: stopping
        .slice(0, 50)
        .map(({ file, line, message, mend }) => ({ at: `${file}:${line}`, reason: message, ...(mend === "" ? {} : { mend }) })),
    },
  );
}

/** It is not known what the policies say of it: that is no yes. */
function notChecked({ number, reason, result }: CheckRow): ConflictError {
  const why =
    reason ??
    result?.unread
      .map((one) => one.reason)
      .slice(0, 3)
      .join("; ") ??
    "nothing is known of it yet";
  return new ConflictError(`The change cannot be checked: ${why.replace(/\.$/, "")}.`, {
    mend: `Mend it on the branch. An administrator may let it be merged unchecked: roadbed check override CHECK --reason "…", with the check that roadbed check list --change ${number} names.`,
    problems: (result?.unread ?? [])
      .slice(0, 50)
      .map(({ file, line, reason: problem, mend }) => ({ at: `${file}:${line}`, reason: problem, mend })),
  });
}

/** A change at the embedded host was opened, or something was pushed to it. */
function hearEmbedded({ hosts }: CheckerDeps): Subscription {
  return {
    name: "standards.check-changes",
    events: [changeOpened.name, changeMoved.name],
    receive: async (ctx, event) => {
      const { changeId, repository } = (event.name === changeOpened.name ? changeOpened : changeMoved).payload.parse(event.payload);
      const change = await hosts.embedded?.change?.(ctx, changeId);
      if (change)
        await insertCheck(ctx, { system: "embedded", host: "", path: repository, number: changeId, head: change.head, base: change.base });
    },
  };
}

/** A webhook told of a pull or merge request. */
function hearOutside(): Subscription {
  return {
    name: "standards.check-requests",
    events: [changeProposed.name],
    receive: async (ctx, event) => {
      const { state, system, host, repository: path, number, head, base } = changeProposed.payload.parse(event.payload);
      if (state === "open") await insertCheck(ctx, { system, host, path, number, head, base });
      // What became of it is asked at once, where it was opened by a mend.
      else
        await ctx.sql.query("update standards.mend set next_at = $4 where state = 'open' and host = $1 and path = $2 and number = $3", [
          host,
          path,
          number,
          ctx.now(),
        ]);
    },
  };
}

function makeHandlers(deps: CheckerDeps): readonly Handler[] {
  const sees = async (ctx: Ctx, row: CheckRow): Promise<boolean> =>
    row.system !== "embedded" || deps.sees === undefined || deps.sees(ctx, row.path);
  const find = async (ctx: Ctx, id: string): Promise<CheckRow> => {
    const { rows } = await ctx.sql.query<CheckRow>("select * from standards.change_check where id = $1", [id]);
    if (!rows[0] || !(await sees(ctx, rows[0]))) throw new NotFoundError("check", id, "`roadbed check list` shows them.");
    return rows[0];
  };
  return [
    handle(listChecks, async (ctx, { repository, change, state, verdict, limit, cursor }) => {
      const before = readCursor(z.string(), cursor);
      const { rows } = await ctx.sql.query<CheckRow>(
        `select * from standards.change_check where ($1::text is null or path = $1 or host || '/' || path = $1) and ($2::text is null or number = $2)
           and ($3::text is null or state = $3) and ($4::text is null or verdict = $4) and ($5::text is null or id < $5) order by id desc limit $6`,
        [repository ?? null, change ?? null, state ?? null, verdict ?? null, before ?? null, limit + 1],
      );
      const items = [];
      for (const row of rows.slice(0, limit)) if (await sees(ctx, row)) items.push(toCheck(row));
      return { items, ...(rows.length > limit ? { nextCursor: encodeCursor(rows[limit - 1]!.id) } : {}) };
    }),
    handle(getCheck, async (ctx, { id }) => {
      const row = await find(ctx, id);
      return { ...toCheck(row), ...(row.result === null ? {} : { result: row.result }) };
    }),
    handle(getCheckSarif, async (ctx, { id }) => {
      const row = await find(ctx, id);
      if (row.result === null) throw new ConflictError("Nothing is known of it yet.", { mend: row.reason ?? "Ask again in a moment." });
      return toSarif(row.result) as Record<string, unknown>;
    }),
    handle(overrideCheck, async (ctx, { id, reason }) => {
      const row = await find(ctx, id);
      if (row.state === "superseded")
        throw new ConflictError("A newer commit of the change was checked instead.", { mend: "Look at the newest check." });
      if (row.state === "waiting" && row.result === null && row.tries === 0)
        throw new ConflictError("It was not looked at yet.", { mend: "Wait a moment, and see whether it can be checked." });
      if (row.result !== null && stoppingIn(row.result).length > 0)
        throw new ConflictError("Policies deny what the change brings: that is not let through.", {
          mend: "Mend it, or ask for a waiver.",
        });
      if (row.verdict !== null && !stopsTheAct(row.verdict)) throw new ConflictError("Nothing stands in its way.", { mend: "Merge it." });
      const override = { by: formatActor(ctx.actor), at: ctx.now().toISOString(), reason };
      await ctx.sql.query("update standards.change_check set override = $2 where id = $1", [id, JSON.stringify(override)]);
      const overridden = { ...row, override };
      // The host is told again.
      if (row.system === "embedded" || row.result === null) return toCheck(overridden);
      return toCheck(await changeCheck(ctx, overridden, { state: "waiting", told: false }));
    }),
    handle(runCheck, async (ctx, { id }) => {
      const row = await find(ctx, id);
      if (row.state === "superseded")
        throw new ConflictError("A newer commit of the change was checked instead.", { mend: "Run the newest check." });
      await ctx.sql.query("update standards.change_check set result = null, verdict = null, told = false, override = null where id = $1", [
        id,
      ]);
      return toCheck(await changeCheck(ctx, { ...row, result: null }, { state: "waiting", told: false }));
    }),
  ];
}
