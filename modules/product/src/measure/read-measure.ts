import type { DeliveryMeasure, MeasureDefinition, MeasureValue } from "@roadbed/contracts/product/measures";
import type { Sql } from "@roadbed/core";

import { factsOf } from "../delivery/facts.ts";
import type { Records } from "../delivery/records.ts";
import { readRecords } from "../record/record-store.ts";
import { matchesName } from "./definitions.ts";
import { rowsOf, type MeasureRow } from "./rows.ts";
import type { About } from "./scope.ts";
import { valueOf, type Window } from "./value.ts";

const DAY = 86_400_000;
/** So long before its window a measure looks: for the deployment before the first, and whether something is told at all. */
const BEFORE_DAYS = 180;

export interface Reading {
  readonly definition: MeasureDefinition;
  readonly window: Window;
  /** All rows that are known, the window's and older ones. */
  readonly rows: readonly MeasureRow[];
  readonly value: MeasureValue;
}

/** What was told that measures with these windows are made of. */
export function recordsFor(sql: Sql, about: About, o: { readonly now: Date; readonly windowDays: number }): Promise<Records> {
  return readRecords(sql, {
    refs: about.components.map(({ ref }) => ref),
    // What is about nothing belongs to everything, and to nobody.
    strays: about.ref === undefined,
    since: new Date(o.now.getTime() - (o.windowDays + BEFORE_DAYS) * DAY),
  });
}

/** A measure by one version of its definition. */
export function readMeasure(definition: MeasureDefinition, records: Records, about: Pick<About, "ref">, now: Date): Reading {
  const { measure, rules } = definition;
  const to = now.getTime();
  const window = { from: to - rules.windowDays * DAY, to };
  const facts = factsOf(records, {
    isProduction: matchesName(rules.production),
    incidentWindowMs: rules.incidentWindowHours === null ? undefined : rules.incidentWindowHours * 3_600_000,
  });
  const rows = rowsOf(measure as DeliveryMeasure, facts, { now: to, bots: rules.bots });
  const value = valueOf(definition, rows, {
    window,
    about: about.ref ?? "",
    notInstrumented: lackOf(definition, records, facts.deployments.length),
  });
  return { definition, window, rows, value };
}

/** What a measure is made of that nobody tells; undefined where all of it is told. */
function lackOf({ measure, rules }: MeasureDefinition, records: Records, deployments: number): string | undefined {
  if (measure === "time-to-restore") return records.incidents.length === 0 ? "Nobody tells of incidents." : undefined;
  if (deployments === 0) return `Nobody tells of deployments to ${rules.production.join(", ")}.`;
  if (measure === "change-lead-time" && records.changes.length === 0) return "Nobody tells of changes.";
  if (measure === "deployment-rework-rate" && records.deployments.every(({ rework }) => rework === undefined)) {
    return "Nobody says whether a deployment is rework.";
  }
  const failures =
    records.incidents.length > 0 ||
    records.deployments.some(({ rollback, rework, result }) => rollback ?? rework ?? result === "rolled-back");
  const needsFailures = measure === "change-fail-rate" || measure === "failed-deployment-recovery-time";
  return needsFailures && !failures
    ? "Nobody tells of incidents, rollbacks or rework: that none is known does not mean that nothing failed."
    : undefined;
}
