import { changeClosed, changeMerged } from "@roadbed/contracts/delivery/changes";
import { openMend } from "@roadbed/contracts/standards/mends";
import {
  DomainError,
  TooManyError,
  UnavailableError,
  type Call,
  type Ctx,
  type Logger,
  type Runtime,
  type Subscription,
} from "@roadbed/core";

import type { HostRepository } from "../host/git-host.ts";
import { openRepository } from "../host/hosts.ts";
import { noteDue } from "../scorecard/subscriptions.ts";
import { changeMend, lockOpenMend, takeDueMend, type MendRow } from "./mend-store.ts";
import { workOut, type WorkOutDeps } from "./work-out.ts";
import { createLooking } from "../wake-and-look.ts";

export interface MenderDeps extends WorkOutDeps {
  readonly runtime: Runtime & { system(job: string): Call };
  readonly log: Logger;
}

/** Opens the changes whose turn it is, and asks hosts outside what became of those that are open. */
export interface Mender {
  wake(): void;
  /** Does what is due, now. */
  look(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

const EVERY_MS = 30_000;
/** How often a host is asked what became of an open change; its webhook tells sooner. */
const FOLLOW_MS = 3 * 60_000;
const MOST_TRIES = 20;
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 10 * 60_000;
const MOST_AT_ONCE = 500;

export function createMender(deps: MenderDeps): Mender {
  const { runtime, log } = deps;
  const looking = createLooking({
    everyMs: EVERY_MS,
    look,
    failed: (error) => log.error("mends were not looked at", { error: String(error) }),
  });

  return {
    ...looking,
    look,
  };

  async function look(): Promise<void> {
    for (let done = 0; done < MOST_AT_ONCE; done++) {
      const call = runtime.system("standards.mends");
      const isDue = await runtime.read(call, async (ctx) => (await takeDueMend(ctx.sql, ctx.now())) !== undefined);
      if (!isDue) return;
      const did = await runtime.write(call, openMend, {}, undefined, async (ctx) => {
        const row = await takeDueMend(ctx.sql, ctx.now());
        if (row) await (row.state === "waiting" ? propose(deps, ctx, row) : follow(deps, ctx, row));
        return row !== undefined;
      });
      if (!did) return;
    }
  }
}

/** Proposing twice is proposing once: the host knows the change by the key of the mend. */
async function propose(deps: MenderDeps, ctx: Ctx, row: MendRow): Promise<void> {
  try {
    const { ref, scorecard, rule, given: values } = row;
    const work = await workOut(deps, ctx, { ref, scorecard, rule, values });
    const { repository } = work;
    // Of its own, so that one that was left behind by an earlier mend is in nobody's way.
    const branch = `${work.branch}-${row.id.slice(-6).toLowerCase()}`;
    const proposal = await repository.propose({
      key: keyOf(row.id),
      branch,
      target: work.target,
      base: work.base,
      title: work.title,
      body: bodyOf(row, deps.hosts.publicUrl),
      files: work.files.map(({ path, before, after }) => ({ path, content: after, isNew: before === undefined })),
      author: { name: row.by_name, email: "roadbed@localhost" },
    });
    await changeMend(ctx, row, {
      state: proposal.state,
      system: repository.system,
      ...placeOf(repository),
      repository: repository.name,
      branch,
      number: proposal.number,
      link: proposal.link,
      nextAt: after(ctx, FOLLOW_MS),
    });
  } catch (error) {
    await failed(ctx, row, error, "refused");
  }
}

async function follow({ hosts, things }: MenderDeps, ctx: Ctx, row: MendRow): Promise<void> {
  try {
    const repository = row.system === "embedded" ? undefined : await openRepository(hosts, row.system!, row.host!, row.path!);
    if (!repository) throw new UnavailableError(`No connection to ${row.host} is opened for golden paths any more.`);
    const { state } = await repository.proposal(row.number!);
    if (state === "merged") await things.doubtFiles([row.ref]);
    await settle(ctx, row, state === "closed" ? { state, reason: "The change was closed." } : { state });
  } catch (error) {
    await failed(ctx, row, error, "closed");
  }
}

async function settle(
  ctx: Ctx,
  row: MendRow,
  to: { readonly state: "open" | "merged" | "closed"; readonly reason?: string },
): Promise<void> {
  await changeMend(ctx, row, { ...to, nextAt: after(ctx, FOLLOW_MS) });
  // What it changed may be read only by the files beside it.
  if (to.state === "merged") await noteDue(ctx.sql, [row.ref], "entity");
}

/** A host that does not answer is asked again, later and later; what it refuses is told. */
async function failed(ctx: Ctx, row: MendRow, error: unknown, end: "refused" | "closed"): Promise<void> {
  if (!(error instanceof DomainError)) throw error;
  const isPassing = error instanceof UnavailableError || error instanceof TooManyError;
  const tries = row.tries + 1;
  if (isPassing && tries < MOST_TRIES) {
    const wait =
      error instanceof TooManyError ? error.retryAfterSeconds * 1_000 : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** row.tries);
    await changeMend(ctx, row, { state: row.state, reason: error.message, tries, nextAt: after(ctx, wait) });
  } else await changeMend(ctx, row, { state: end, reason: [error.message, error.mend].filter(Boolean).join(" "), tries });
}

/** Hears what became of changes at the embedded host. */
export function followChanges(): Subscription {
  return {
    name: "standards.follow-mends",
    events: [changeMerged.name, changeClosed.name],
    receive: async (ctx, event) => {
      const isMerged = event.name === changeMerged.name;
      const { key, note } = isMerged
        ? { ...changeMerged.payload.parse(event.payload), note: undefined }
        : changeClosed.payload.parse(event.payload);
      if (!key.startsWith("mend:")) return;
      const row = await lockOpenMend(ctx.sql, key.slice("mend:".length));
      if (row) await settle(ctx, row, isMerged ? { state: "merged" } : { state: "closed", reason: note ?? "The change was closed." });
    },
  };
}

function keyOf(id: string): string {
  return `mend:${id}`;
}

function placeOf({ system, name }: HostRepository): { host: string; path: string } {
  if (system === "embedded") return { host: "", path: name };
  const slash = name.indexOf("/");
  return { host: name.slice(0, slash), path: name.slice(slash + 1) };
}

function bodyOf({ ref, scorecard, rule, by_name, campaign }: MendRow, publicUrl: string): string {
  return [
    `This mends the rule \`${scorecard}/${rule}\` for \`${ref}\`.`,
    "",
    `Asked for by ${by_name}${campaign === null ? "" : ` in the campaign ${campaign}`}. What the rule is about: ${publicUrl}/scorecards/${scorecard}`,
  ].join("\n");
}

function after(ctx: Ctx, ms: number): Date {
  return new Date(ctx.now().getTime() + ms);
}
