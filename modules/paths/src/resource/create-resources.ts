import type { Entity } from "@roadbed/contracts/catalog";
import { resourceRequested } from "@roadbed/contracts/paths/resources";
import type { Ctx, Handler, Subscription } from "@roadbed/core";
import { createSealer } from "@roadbed/postgres";
import { join } from "node:path";

import type { AnswerSealer } from "../action/provision/ask-provisioner.ts";
import type { NamedConnections } from "../action/outside/named.ts";
import type { PathsDeps } from "../deps.ts";
import type { LedgerRepositories } from "../ledger/check-made.ts";
import { writeResource } from "../run/internal-operations.ts";
import { makeClassHandlers } from "./class-handlers.ts";
import { createClassLibrary } from "./class-library.ts";
import { createBuckets } from "./embedded/bucket/bucket.ts";
import { createDatabaseServer } from "./embedded/database-server.ts";
import { makeEmbeddedPostgres } from "./embedded/postgres.ts";
import { createGitFolders } from "./git/git-folders.ts";
import { makeCrossplaneClaim, makeKubernetesManifests } from "./git/manifests.ts";
import { makeEmbeddedQueue } from "./embedded/queue/queue.ts";
import { defineLookAgain } from "./look-again.ts";
import type { Provisioner } from "./provisioner.ts";
import type { RequestDeps } from "./request-resource.ts";
import { defineResourceFlow, resourceWorkflowId } from "./resource-flow.ts";
import { makeResourceHandlers } from "./resource-handlers.ts";
import { createResourceNotes } from "./remote/resource-notes.ts";
import { makeWebhookProvisioner } from "./remote/webhook-provisioner.ts";
import { makeWorkflowProvisioner } from "./remote/workflow-provisioner.ts";
import { createStateStore } from "./terraform/state-store.ts";
import { makeTerraform } from "./terraform/terraform.ts";
import { variablesFor } from "./workload-variables.ts";

export interface Resources {
  readonly handlers: readonly Handler[];
  readonly subscriptions: readonly Subscription[];
  /** What requests are resolved with: for the action of paths. */
  readonly requests: RequestDeps;
  /** Seals what is secret in a late answer to what was asked for a resource. */
  readonly sealerOf: (resource: string) => Pick<AnswerSealer, "seal">;
  variablesFor(o: { readonly entityRef: string; readonly environment: string }): Promise<Record<string, string>>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** What is provisioned by type and class. Must be called before `workflows.launch()`: it defines the flow `paths.resource`. */
export function createResources(
  deps: Omit<PathsDeps, "repositories"> & {
    readonly connections?: NamedConnections;
    /** Those of the embedded host and those elsewhere. */
    readonly repositories: LedgerRepositories | undefined;
  },
): Resources {
  const { log, db, catalog, people } = deps;
  const sealer = createSealer({ file: join(deps.dataDir, "paths", "resources.key"), key: deps.secretKey, said: SEALED });
  const databases = createDatabaseServer({ dataDir: join(deps.dataDir, "resources", "databases"), log });
  const buckets = createBuckets({ dataDir: join(deps.dataDir, "resources", "buckets"), databases, sealer, log });
  const states = createStateStore({ db, sealer });
  const notes = createResourceNotes({ db, sealer });
  const write = <T>(work: (ctx: Ctx) => Promise<T>): Promise<T> =>
    deps.runtime.write(deps.runtime.system("paths.resources"), writeResource, {}, undefined, work);
  const entityOf = (ref: string): Promise<Entity | undefined> =>
    deps.runtime.read(deps.runtime.system("paths.resources"), (ctx) => catalog.get(ctx, ref));
  const byGit = { folders: createGitFolders({ ...deps, write }), publicUrl: deps.publicUrl, once: notes.once, entityOf };
  const all: readonly Provisioner[] = [
    makeEmbeddedPostgres(databases),
    buckets.provisioner,
    makeEmbeddedQueue(databases),
    makeKubernetesManifests(byGit),
    makeCrossplaneClaim(byGit),
    ...(deps.connections === undefined
      ? []
      : [makeWebhookProvisioner({ outside: deps.outside, connections: deps.connections, publicUrl: deps.publicUrl, notes })]),
    makeWorkflowProvisioner({ outside: deps.outside, notes }),
    makeTerraform({ dataDir: join(deps.dataDir, "paths", "terraform"), states, connections: deps.connections }),
  ];
  const provisioners = new Map(all.map((one) => [one.id, one]));
  const classes = createClassLibrary({ folder: deps.resourceClassesDir ?? "", log });
  const requests: RequestDeps = { catalog, classes, provisioners, ...(people === undefined ? {} : { people }) };
  const shared = { ...deps, ...requests, sealer };
  const flow = defineResourceFlow(deps.workflows, shared);
  const lookAgain = defineLookAgain(deps.workflows, shared);

  return {
    handlers: [...makeResourceHandlers(shared), ...makeClassHandlers({ classes, provisioners })],
    subscriptions: [
      {
        name: "paths.start-resources",
        events: [resourceRequested.name],
        async receive(_ctx, event) {
          const input = resourceRequested.payload.parse(event.payload);
          await deps.workflows.start(flow, input, { id: resourceWorkflowId(input) });
        },
      },
    ],
    requests,
    sealerOf: (resource) => notes.sealerOf(resource),
    variablesFor: (o) => variablesFor({ db, sealer, provisioners }, o),
    async start() {
      await deps.workflows.schedule("paths.look-at-resources", "*/15 * * * *", lookAgain);
      // What was made must be there before workloads that use it are started.
      await databases.start().catch((error: unknown) => log.error("the server for made databases did not start", { error: String(error) }));
      await buckets.door.start().catch((error: unknown) => log.error("the door of the buckets did not open", { error: String(error) }));
    },
    async stop() {
      await buckets.door.stop();
      await databases.stop();
    },
  };
}

const SEALED = {
  what: "What is secret of this resource",
  mend: "Servers that share a database need the same ROADBED_SECRET_KEY; a restored one its paths/resources.key.",
};
