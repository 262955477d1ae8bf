import { runRequested } from "@roadbed/contracts/paths";
import { undoRequested } from "@roadbed/contracts/paths/undo";
import { perform, type Call, type DomainEvent, type Handler, type Runtime, type Sql, type Subscription } from "@roadbed/core";
import { createSealer } from "@roadbed/postgres";
import { join } from "node:path";

import { makeActionHandlers } from "./action/action-handlers.ts";
import { createActions, type ActionDeps, type Actions } from "./action/actions.ts";
import { receiveCallback, type Callback } from "./action/provision/receive-callback.ts";
import { createNamedConnections, makeConnectionHandlers } from "./connection/connections.ts";
import type { PathsDeps, Platform } from "./deps.ts";
import { makeDeviationHandlers } from "./ledger/deviation-handlers.ts";
import { defineDeviationEnds } from "./ledger/end-deviations.ts";
import { followLedger } from "./ledger/follow-ledger.ts";
import { repositoriesOf } from "./ledger/made-store.ts";
import { makeLedgerHandlers } from "./ledger/ledger-handlers.ts";
import { createLedgerRepositories } from "./ledger/hosted-repositories.ts";
import { createSources } from "./ledger/source-store.ts";
import { makeApproverRule, type ApproverRule } from "./approval/approver-rule.ts";
import { makeApprovalHandlers } from "./approval/approval-handlers.ts";
import { makeLearnedRuleHandlers } from "./approval/learned-rule-handlers.ts";
import { learnFrom } from "./approval/learned-rules.ts";
import { defineApprovalWatch } from "./approval/watch-approvals.ts";
import { makeAuthoringHandlers } from "./authoring/authoring-handlers.ts";
import { defineLifetimeWatch } from "./lifetime/end-lifetimes.ts";
import { hearEnded } from "./lifetime/hear-ended.ts";
import { makeLifetimeHandlers } from "./lifetime/lifetime-handlers.ts";
import { createRenderer } from "./render/renderer.ts";
import { createLogBell } from "./run/run-log.ts";
import { defineRunFlow, workflowIdOf } from "./run/run-flow.ts";
import { makeRunHandlers } from "./run/run-handlers.ts";
import { readRun } from "./run/run-store.ts";
import { seesRunNews } from "./run/run-viewer.ts";
import { costsIn, type ResourceCost } from "./resource/costs-in.ts";
import { createResources } from "./resource/create-resources.ts";
import { makeRunPath } from "./run/start-run.ts";
import { makeScaffolderHandlers } from "./scaffolder/scaffolder-handlers.ts";
import { guardLibrary } from "./tag/guard-library.ts";
import { makeTagRuleHandlers } from "./tag/tag-rule-handlers.ts";
import { makeCheckValues } from "./template/check-values.ts";
import { createLibrary } from "./template/library.ts";
import { makePathHandlers } from "./template/path-handlers.ts";
import { defineUndoFlow, undoIdOf } from "./undo/undo-flow.ts";
import { hearUndone } from "./undo/hear-undone.ts";
import { makeUndoHandlers } from "./undo/undo-handlers.ts";
import { followUpgrades } from "./upgrade/follow-upgrades.ts";
import { defineUpgradeFlow } from "./upgrade/upgrade-flow.ts";
import { makeUpgradeHandlers } from "./upgrade/upgrade-handlers.ts";
import { defineHostedWatch } from "./upgrade/watch-hosted.ts";
import { cleanUp } from "./workspace/clean-up.ts";
import { createSnapshots } from "./workspace/snapshots.ts";

export type {
  Catalog,
  Connection,
  Changes,
  Delivery,
  DeploymentState,
  Git,
  Judgement,
  Outside,
  People,
  PathsDeps,
  RepositoryFile,
  Standards,
  Templates,
  TemplateSource,
} from "./deps.ts";

export { scoreManifests } from "./score/score-manifests.ts";

export const migrations: { readonly module: string; readonly dir: URL } = {
  module: "paths",
  dir: new URL("../migrations/", import.meta.url),
};

export interface Paths {
  readonly handlers: readonly Handler[];
  /** What the face of Backstage's scaffolder asks; no other face offers these. */
  readonly backstage: readonly Handler[];
  readonly subscriptions: readonly Subscription[];
  /** What a component's workload is given of the resources that it uses in an environment; the values are secret. */
  variablesFor(o: { readonly entityRef: string; readonly environment: string }): Promise<Record<string, string>>;
  /** What is made in an environment, and what it costs in a month. */
  costsIn(sql: Sql, environment: string): Promise<readonly ResourceCost[]>;
  /** Who may approve, for neighbours that have something to be approved. */
  readonly approvers: ApproverRule;
  /** Takes the signed answer of a provisioner to what a step asked it. Throws a `DomainError` for one that is not right. */
  receiveCallback(id: string, callback: Callback): Promise<{ readonly taken: boolean }>;
  /** Whether somebody may hear of an event: of a run only who may see it. */
  seesNews(who: Pick<Call, "actor" | "scopes">, event: Pick<DomainEvent, "name" | "payload">): Promise<boolean>;
  /** Removes what a killed server left behind, and begins to hear of new log lines. */
  start(): Promise<void>;
  /** Lets go of the template worker and of those who wait for log lines. */
  stop(): Promise<void>;
  health(): Promise<{ readonly ok: boolean; readonly detail?: string }>;
}

/** Golden paths and their runs. Must be called before `workflows.launch()`: it defines the flow `paths.run`. */
export function createPaths(deps: PathsDeps): Paths {
  const dataDir = join(deps.dataDir, "paths");
  const renderer = createRenderer();
  const library = createLibrary(deps);
  const sealer = createSealer({ file: join(dataDir, "run-secrets.key"), key: deps.secretKey, said: SEALED });
  const connectionSealer = createSealer({ file: join(dataDir, "connections.key"), key: deps.secretKey, said: SEALED_CONNECTION });
  const connections = createNamedConnections({ db: deps.db, sealer: connectionSealer });
  const repositories =
    deps.repositories === undefined && deps.outside === undefined
      ? undefined
      : createLedgerRepositories({ embedded: deps.repositories, outside: deps.outside, dataDir, log: deps.log });
  const resources = createResources({ ...deps, repositories, connections });
  const platform = deps.platform && withOwn(deps.platform, resources.handlers, deps.runtime);
  const acting: ActionDeps = { ...deps, platform, connections, resources: resources.requests, repositoriesOf };
  const actions = createActions(acting);
  const actionsWith = (over: Pick<ActionDeps, "catalog">): Actions =>
    createActions({ ...acting, ...over, resources: { ...resources.requests, catalog: over.catalog } });
  const bell = createLogBell(deps);
  const checkValues = makeCheckValues({ ...deps, renderer });
  const sources = createSources(dataDir);
  const seen = guardLibrary({ ...deps, library });
  const shared = { ...deps, repositories, dataDir, renderer, actions, library, checkValues, sealer, sources };
  const flow = defineRunFlow(deps.workflows, { ...shared, snapshots: createSnapshots(dataDir) });

  const deviationEnds = defineDeviationEnds(deps.workflows, deps);
  const undo = defineUndoFlow(deps.workflows, { ...shared, snapshots: createSnapshots(dataDir) });
  const start = makeRunPath({ ...shared, library: seen });
  const lifetimeWatch = defineLifetimeWatch(deps.workflows, { ...deps, start });
  const approvalWatch = defineApprovalWatch(deps.workflows, deps);
  const hostedWatch = defineHostedWatch(deps.workflows, shared);
  const upgrades = defineUpgradeFlow(deps.workflows, shared);

  return {
    handlers: [
      ...makePathHandlers({ ...shared, library: seen }),
      ...makeTagRuleHandlers({ ...deps, library }),
      start,
      ...makeRunHandlers({ ...deps, actions, bell }),
      ...makeApprovalHandlers({ ...deps, granted: learnFrom }),
      ...makeLearnedRuleHandlers(deps),
      ...makeUndoHandlers({ ...deps, start }),
      ...makeLifetimeHandlers({ ...deps, start }),
      ...makeLedgerHandlers(shared),
      ...makeActionHandlers(actions),
      ...makeAuthoringHandlers({ ...shared, platform, actionsWith }),
      ...makeConnectionHandlers({ sealer: connectionSealer, outside: deps.outside }),
      ...makeUpgradeHandlers(shared),
      ...makeDeviationHandlers(shared),
      ...resources.handlers,
    ],
    backstage: makeScaffolderHandlers({ library: seen, bell, outside: deps.outside, catalog: deps.catalog }),
    subscriptions: [
      {
        name: "paths.start-runs",
        events: [runRequested.name],
        async receive(ctx, event) {
          const { runId } = runRequested.payload.parse(event.payload);
          const { attempt } = await readRun(ctx.sql, runId);
          await deps.workflows.start(flow, { runId, attempt }, { id: workflowIdOf(runId, attempt) });
        },
      },
      {
        name: "paths.start-undos",
        events: [undoRequested.name],
        async receive(_ctx, event) {
          const { runId, attempt } = undoRequested.payload.parse(event.payload);
          await deps.workflows.start(undo, { runId, attempt }, { id: undoIdOf(runId, attempt) });
        },
      },
      hearUndone,
      hearEnded,
      ...followLedger(repositories, deps.catalog),
      ...followUpgrades(deps.workflows, upgrades),
      ...resources.subscriptions,
    ],
    variablesFor: (o) => resources.variablesFor(o),
    costsIn,
    seesNews: (who, event) => seesRunNews(deps, who, event),
    receiveCallback: (id, callback) => receiveCallback({ db: deps.db, connections, sealerOf: resources.sealerOf }, id, callback),
    approvers: makeApproverRule(deps, "delivery:admin"),
    async start() {
      await cleanUp(deps.db, dataDir);
      await deps.workflows.schedule("paths.end-deviations", "*/5 * * * *", deviationEnds);
      await deps.workflows.schedule("paths.watch-hosted", "*/5 * * * *", hostedWatch);
      await deps.workflows.schedule("paths.watch-lifetimes", "* * * * *", lifetimeWatch);
      await deps.workflows.schedule("paths.watch-approvals", "* * * * *", approvalWatch);
      await resources.start();
      await bell.start();
    },
    async stop() {
      await Promise.all([bell.stop(), renderer.close(), resources.stop()]);
    },
    health: async () => ({ ok: true }),
  };
}

/** Paths may perform what golden paths themselves offer of resources, too. */
function withOwn(platform: Platform, handlers: readonly Handler[], runtime: Runtime): Platform {
  const own = new Map(handlers.map((handler) => [handler.operation.name, handler]));
  return {
    find: (name) => own.get(name)?.operation ?? platform.find(name),
    perform(call, name, input) {
      const handler = own.get(name);
      return handler === undefined ? platform.perform(call, name, input) : perform(runtime, handler, call, input);
    },
  };
}

const SEALED = {
  what: "What this run was given",
  mend: "Start it anew. Servers that share a database need the same ROADBED_SECRET_KEY; a restored one its paths/run-secrets.key.",
};
const SEALED_CONNECTION = {
  what: "What is secret of this connection",
  mend: "Save it again. Servers that share a database need the same ROADBED_SECRET_KEY; a restored one its paths/connections.key.",
};
