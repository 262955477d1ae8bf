import { ADOPTION_MEASURES, type AdoptionMeasure, type ListedMeasure, type MeasureDefinition } from "@roadbed/contracts/product/measures";
import type { Ctx } from "@roadbed/core";

import { adoptionHistory, adoptionRows, lackOfAdoption } from "../adoption/adoption-rows.ts";
import { readAdoption, type Adoption } from "../adoption/read-adoption.ts";
import { readCapabilities } from "../adoption/stores.ts";
import type { Records } from "../delivery/records.ts";
import type { ProductDeps, ThingsSeen } from "../deps.ts";
import { matchesName } from "./definitions.ts";
import { readMeasure, recordsFor, type Reading } from "./read-measure.ts";
import type { About } from "./scope.ts";
import { historyOf, valueOf } from "./value.ts";

const DAY = 86_400_000;
const WEEKS = 13;

export interface Reader {
  read(definition: MeasureDefinition): Reading;
  weeks(reading: Reading): ListedMeasure["weeks"];
}

export function isOfAdoption(measure: string): measure is AdoptionMeasure {
  return (ADOPTION_MEASURES as readonly string[]).includes(measure);
}

/** Reads once what these definitions are made of; then each is made from that. */
export async function openReader(
  ctx: Ctx,
  things: ProductDeps["things"],
  seen: ThingsSeen,
  o: { readonly about: About; readonly definitions: readonly MeasureDefinition[] },
): Promise<Reader> {
  const { about, definitions } = o;
  const records = await recordsFor(ctx.sql, about, {
    now: ctx.now(),
    windowDays: Math.max(1, ...definitions.map(({ rules }) => rules.windowDays)),
  });
  const adoption = definitions.some(({ measure }) => isOfAdoption(measure))
    ? await readAdoption(ctx, things, seen, {
        components: about.components,
        capabilities: (await readCapabilities(ctx.sql)).map(({ capability }) => capability).filter(({ retired }) => !retired),
        everybody: about.ref === undefined,
      })
    : undefined;
  return {
    read: (definition) =>
      adoption !== undefined && isOfAdoption(definition.measure)
        ? readAdoptionMeasure(definition, adoption, records, { about: about.ref ?? "", now: ctx.now() })
        : readMeasure(definition, records, about, ctx.now()),
    weeks: ({ definition, rows, window }) =>
      adoption !== undefined && isOfAdoption(definition.measure) && !isOfWork(definition.measure)
        ? adoptionHistory(definition.measure, adoption, WEEKS).map(({ day, hits, n }) => ({
            from: new Date(day * DAY).toISOString(),
            ...(n === 0 ? {} : { value: hits / n }),
            n,
          }))
        : historyOf(definition, rows, isOfAdoption(definition.measure) ? { ...window, from: window.to - WEEKS * 7 * DAY } : window),
  };
}

/** A measure of adoption by one version of its definition, from what was read of these capabilities. */
export function readAdoptionMeasure(
  definition: MeasureDefinition,
  adoption: Adoption,
  records: Records,
  o: { readonly about: string; readonly now: Date },
): Reading {
  const { rules } = definition;
  const measure = definition.measure as AdoptionMeasure;
  const to = o.now.getTime();
  const window = { from: to - rules.windowDays * DAY, to };
  const rows = adoptionRows(measure, adoption, records, { window, isProduction: matchesName(rules.production) });
  const value = valueOf(definition, rows, { window, about: o.about, notInstrumented: lackOfAdoption(measure, adoption, rows) });
  return { definition, window, rows, value };
}

function isOfWork(measure: AdoptionMeasure): boolean {
  return measure === "adoption-depth" || measure === "bypass-rate";
}
