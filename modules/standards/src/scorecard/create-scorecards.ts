import { campaignSaved } from "@roadbed/contracts/standards/campaigns";
import { scoreChanged, scoresComputed } from "@roadbed/contracts/standards/scores";
import { stageSet } from "@roadbed/contracts/standards/stages";
import { mendChanged } from "@roadbed/contracts/standards/mends";
import type { Call, Handler, Logger, Runtime, Subscription } from "@roadbed/core";
import type { Database } from "@roadbed/postgres";

import type { LoadedPolicy } from "../policy/policy.ts";

import type { Expressions } from "../deps.ts";
import { createCampaignKeeper } from "../campaign/keep-campaigns.ts";
import { makeCampaignReaders } from "../campaign/read-campaigns.ts";
import { makeCampaignWriters } from "../campaign/save-campaign.ts";
import type { HostPorts } from "../host/hosts.ts";
import { makeMendHandlers } from "../mend/mend-handlers.ts";
import { createMender, followChanges } from "../mend/mender.ts";
import { drawBadge, isSigned, makeGetBadge, makeSigner, type BadgeRequest } from "./badge.ts";
import { createBoardKeeper, rubricOf } from "./board.ts";
import { createDefinitions } from "./definition-store.ts";
import { createEvaluator } from "./evaluate.ts";
import { createPolicyScorecard } from "./keep-policy-scorecard.ts";
import { createKeeper } from "./keeper.ts";
import { readShipped, storeShipped } from "./load-shipped.ts";
import type { ScorecardParts } from "./parts.ts";
import { makeHistoryReaders } from "./read-history.ts";
import { makeScorecardReaders } from "./read-scorecards.ts";
import { makeScoreReaders } from "./read-scores.ts";
import { makeScorecardWriters } from "./save-scorecard.ts";
import { makeNoteDue, noteDue } from "./subscriptions.ts";
import { makeTestScorecard } from "./test-scorecard.ts";
import type { Measures, Runtimes, Things, ThingView } from "./things.ts";

/** What scorecards need to live. */
export interface ScorecardDeps {
  readonly db: Database;
  readonly things: Things;
  readonly runtimes?: Runtimes;
  readonly measures?: Measures;
  /** Folders with `*.yaml` scorecards that are there from the beginning. */
  readonly folders: readonly (string | URL)[];
  /** The address of the web app, for badges. */
  readonly publicUrl: string;
  /** Every event that is committed, by whichever process. */
  readonly events?: { subscribe(listener: (event: { readonly name: string }) => void): () => void };
  readonly now?: () => Date;
  /** The ways to repositories, for mends that are made as changes. Without them there are mends in words only. */
  readonly repositories?: HostPorts;
  /** How often it is looked whether something changed when nobody said so. Default 5 s. */
  readonly lookMs?: number;
}

/** The rubric, the scorecards of teams, and how everything stands in them. */
export interface Scorecards {
  readonly handlers: readonly Handler[];
  readonly subscriptions: readonly Subscription[];
  /** A badge as SVG; undefined where the caller may not see it, or there is none. `view` is missing where nobody is signed in. */
  badge(request: BadgeRequest, by: { readonly view?: ThingView; readonly signature?: string | undefined }): Promise<string | undefined>;
  readonly things: Things;
  /** Ends when every result is as everything is now. */
  settled(): Promise<void>;
  /** Makes the scorecard of the policies what they say now, rather than at the next minute. */
  lookAtPolicies(): Promise<void>;
  /** Closes the campaigns that are to be closed and reminds whom they are to remind, now rather than at the next minute. */
  lookAtCampaigns(): Promise<void>;
  /** Opens the changes whose turn it is, and asks what became of those that are open, now rather than soon. */
  lookAtMends(): Promise<void>;
  /** Whether everything is being looked at anew, by this process. */
  isSweeping(): boolean;
  start(): Promise<void>;
  stop(): Promise<void>;
  health(): { readonly ok: boolean; readonly detail?: string };
}

export function createScorecards({
  log,
  cel,
  policies = [],
  ...deps
}: ScorecardDeps & {
  readonly log: Logger;
  readonly cel: Expressions;
  /** Those in force: such as hold at the point `scorecard` are rules of a scorecard of their own. */
  readonly policies?: readonly LoadedPolicy[];
  readonly runtime?: (Runtime & { system(job: string): Call }) | undefined;
}): Scorecards {
  const { db, things, runtimes, measures } = deps;
  const now = deps.now ?? (() => new Date());
  const { shipped, problems } = readShipped(deps.folders, cel);
  for (const problem of problems) log.error("a scorecard's file is broken", { ...problem });
  const definitions = createDefinitions(cel);
  const evaluator = createEvaluator(cel);
  const board = createBoardKeeper(definitions);
  const sign = makeSigner(db);
  const keeper = createKeeper({
    db,
    log,
    things,
    runtimes,
    measures,
    definitions,
    evaluator,
    now,
    ...(deps.lookMs === undefined ? {} : { lookMs: deps.lookMs }),
  });
  const parts: ScorecardParts = { cel, things, runtimes, measures, evaluator, board, publicUrl: deps.publicUrl, sign };
  const campaigns = createCampaignKeeper({ db, log, things, board, now });
  const { repositories: hosts, runtime } = deps;
  const mender = hosts && runtime && createMender({ board, things, hosts, runtime, log });
  const ofPolicies = createPolicyScorecard({ db, log, cel, policies, now });
  let unsubscribe: () => void = () => {};
  let unfollow: () => void = () => {};

  return {
    handlers: [
      ...makeScorecardReaders(parts),
      makeTestScorecard(parts),
      ...makeScorecardWriters(parts),
      ...makeScoreReaders(parts),
      ...makeHistoryReaders(parts),
      makeGetBadge(parts),
      ...makeCampaignReaders(parts),
      ...makeCampaignWriters(parts),
      ...(hosts ? makeMendHandlers({ board, things, hosts }) : []),
    ],
    subscriptions: [makeNoteDue(things), followChanges()],
    things,
    badge: async (request, { view, signature }) => {
      if (!view?.get(request.ref) && !(await isSigned(sign, request, signature))) return undefined;
      const current = await board(db);
      const { scorecard } = request;
      const definition = scorecard === undefined ? rubricOf(current) : current.definitions.find(({ name }) => name === scorecard);
      return definition && drawBadge(current, definition, current.entries(definition.name).get(request.ref), request);
    },
    settled: () => keeper.settled(),
    isSweeping: () => keeper.sweeping,
    lookAtPolicies: () => ofPolicies.look(),
    lookAtCampaigns: () => campaigns.look(),
    lookAtMends: async () => mender?.look(),
    start: async () => {
      await storeShipped({ db, log, now }, shipped);
      await ofPolicies.look();
      ofPolicies.start();
      unsubscribe = deps.events?.subscribe(hear) ?? unsubscribe;
      unfollow = things.onFilesRead((refs) => void lookAgain(refs));
      keeper.start();
      campaigns.start();
      mender?.start();
    },
    stop: async () => {
      unsubscribe();
      unfollow();
      await ofPolicies.stop();
      await mender?.stop();
      await campaigns.stop();
      await keeper.stop();
    },
    health: () => {
      const [first] = problems;
      return first ? { ok: false, detail: `${first.file}: ${first.at} ${first.reason}` } : { ok: true };
    },
  };

  /** Their files were read from a host meanwhile. */
  async function lookAgain(refs: readonly string[]): Promise<void> {
    try {
      await noteDue(db, refs, "entity");
      keeper.wake();
    } catch (error) {
      log.warn("it was not noted whose files are others now", { error: String(error) });
    }
  }

  function hear({ name }: { readonly name: string }): void {
    if (isNews(name)) keeper.wake();
    if (name === mendChanged.name) mender?.wake();
    if (name === stageSet.name) void ofPolicies.look().then(() => keeper.wake());
    if (name === scoreChanged.name || name === scoresComputed.name || name === campaignSaved.name) campaigns.wake();
  }
}

/** Whether an event may change a result. What else does is put down as due, and that is told. */
function isNews(name: string): boolean {
  return name.startsWith("catalog.") || name === "standards.scorecard.saved" || name === "standards.scorecard.due";
}
