import type { ClickHouse } from "@roadbed/clickhouse";
import type { Slo, SloState } from "@roadbed/contracts/telemetry/slos";
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
  readonly of: (
    ctx: Ctx,
    what: { readonly entityRef: string; readonly environment: string },
  ) => Promise<readonly (Slo & { readonly firing: SloRow["alert"]["firing"] })[]>;
  /** For rules about many entities: by entity its objectives, with what was counted last. Nothing that is not known is there as a number. */
  readonly measured: (refs: readonly string[]) => Promise<ReadonlyMap<string, readonly Measured[]>>;
}

/** An objective as rules read it. */
export interface Measured {
  readonly name: string;
  readonly title: string;
  readonly environment: string;
  readonly target: number;
  readonly state: SloState;
  /** The share that was good, of how many, and what is left of the budget: 1 is all of it, less than 0 is more than used up. */
  readonly ratio?: number;
  readonly total?: number;
  readonly remaining?: number;
}

/** Who knows nothing of a catalogue hides nothing and knows no owner. */
export const NO_THINGS: Things = {
  hiddenFrom: async () => [],
  ownerOf: async () => undefined,
  onCallOf: async () => [],
  whoseServices: async () => new Map(),
};

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
      return rows.map((row) => ({ ...toSlo(row, undefined), firing: row.alert.firing }));
    },
    async measured(refs) {
      if (deps === undefined || refs.length === 0) return new Map();
      const { rows } = await deps.db.query<SloRow>(
        `select name, title, entity_ref, environment, target, state, figures, remaining from telemetry.slo
         where entity_ref = any($1) order by entity_ref, name`,
        [refs],
      );
      const of = Map.groupBy(rows, ({ entity_ref }) => entity_ref);
      return new Map([...of].map(([ref, ones]) => [ref, ones.map(measuredOf)]));
    },
  };
}

function measuredOf({ name, title, environment, target, state, figures, remaining }: SloRow): Measured {
  return {
    name,
    title,
    environment: environment ?? "",
    target,
    state,
    ...(figures === null ? {} : { total: figures.total }),
    ...(figures?.ratio === undefined ? {} : { ratio: figures.ratio }),
    ...(remaining === null ? {} : { remaining }),
  };
}
