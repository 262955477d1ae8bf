import type { ClickHouse } from "@roadbed/clickhouse";
import type { Slo } from "@roadbed/contracts/telemetry/slos";
import type { Ctx, Handler, Logger, Subscription } from "@roadbed/core";

import type { ObjectiveDeps, Things } from "../deps.ts";
import { makeApplySlos, makeRemoveSlo } from "./apply-slos.ts";
import { makeGetSlo, makeGetSloHistory, makeListSlos } from "./read-slos.ts";
import type { SloRow } from "./slo-store.ts";
import { followRepositories, makeListSloRepositories } from "./read-repository.ts";
import { makeTestSlos } from "./test-slos.ts";
import { toSlo } from "./to-slo.ts";
import { createSloWatch, type SloWatch } from "./watch-slos.ts";

export interface Objectives {
  readonly handlers: readonly Handler[];
  readonly subscriptions: readonly Subscription[];
  /** Absent where nothing is evaluated. */
  readonly watch: SloWatch | undefined;
  /** The objectives that hold for an entity in an environment: those of that environment, and those that count all of them. */
  readonly of: (ctx: Ctx, what: { readonly entityRef: string; readonly environment: string }) => Promise<readonly Slo[]>;
}

/** Who knows nothing of a catalogue hides nothing and knows no owner. */
const NO_THINGS: Things = { hiddenFrom: async () => [], ownerOf: async () => undefined, onCallOf: async () => [] };

/** Service level objectives: said as code, counted each minute, watched. */
export function createObjectives(clickhouse: ClickHouse, log: Logger, deps: ObjectiveDeps | undefined, now: () => Date): Objectives {
  const asked = { things: deps?.things ?? NO_THINGS, may: deps?.may, deployedAt: deps?.deployedAt };
  return {
    handlers: [
      makeApplySlos(asked),
      makeListSlos(asked),
      makeGetSlo(clickhouse, asked),
      makeGetSloHistory(clickhouse, asked),
      makeTestSlos(clickhouse, asked),
      makeRemoveSlo(asked),
      makeListSloRepositories({ things: asked.things, sees: (ctx, name) => deps?.repositories?.sees(ctx, name) ?? Promise.resolve(true) }),
    ],
    subscriptions: deps?.repositories === undefined ? [] : [followRepositories(deps.repositories)],
    watch: deps === undefined ? undefined : createSloWatch({ clickhouse, log, deps, now }),
    async of({ sql }, { entityRef, environment }) {
      const { rows } = await sql.query<SloRow>(
        "select * from telemetry.slo where entity_ref = $1 and (environment is null or environment = $2) order by name limit 100",
        [entityRef, environment],
      );
      return rows.map((row) => toSlo(row, undefined));
    },
  };
}
