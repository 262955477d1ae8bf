import {
  compareMeasure,
  defineMeasure,
  getMeasure,
  listMeasureRows,
  listMeasures,
  measureDefined,
  MEASURES,
  type ListedMeasure,
  type MeasureDefinition,
  type MeasureName,
} from "@roadbed/contracts/product/measures";
import { encodeCursor, formatActor, handle, InvalidError, NotFoundError, readCursor, type Handler, type Sql } from "@roadbed/core";
import { z } from "zod";

import { benchmarksOf } from "../benchmark/benchmarks.ts";
import type { ProductDeps } from "../deps.ts";
import { addVersion, versionsOf } from "./definition-store.ts";
import { readMeasure, recordsFor } from "./read-measure.ts";
import { aboutOf } from "./scope.ts";
import { distributionOf, historyOf } from "./value.ts";

/** What is measured, from what was told of what the caller may see. */
export function makeMeasureHandlers({ things }: Pick<ProductDeps, "things">): Handler[] {
  return [
    handle(listMeasures, async (ctx, { about: ref, limit, cursor }) => {
      const about = aboutOf(await things.seenBy(ctx), ref);
      const [after] = [readCursor(z.number().int(), cursor) ?? 0];
      const definitions = await Promise.all(
        MEASURES.slice(after, after + limit).map(async (measure) => (await versionsOf(ctx.sql, measure))[0]),
      );
      const records = await recordsFor(ctx.sql, about, {
        now: ctx.now(),
        windowDays: Math.max(1, ...definitions.map(({ rules }) => rules.windowDays)),
      });
      const items = definitions.map((definition): ListedMeasure => {
        const { measure, title, question, unit, better, version, owner } = definition;
        const { rows, window, value } = readMeasure(definition, records, about, ctx.now());
        return { measure, title, question, unit, better, version, owner, value, weeks: historyOf(definition, rows, window) };
      });
      return {
        ...(about.ref === undefined ? {} : { about: about.ref }),
        title: about.title,
        things: about.components.length,
        items,
        total: MEASURES.length,
        ...(after + limit < MEASURES.length ? { nextCursor: encodeCursor(after + limit) } : {}),
      };
    }),
    handle(getMeasure, async (ctx, { measure, about: ref, version }) => {
      const about = aboutOf(await things.seenBy(ctx), ref);
      const versions = await versionsOf(ctx.sql, measure);
      const chosen = version === undefined ? versions[0] : pick(versions, measure, version);
      const records = await recordsFor(ctx.sql, about, {
        now: ctx.now(),
        windowDays: Math.max(...versions.map(({ rules }) => rules.windowDays)),
      });
      const readings = versions.map((definition) => readMeasure(definition, records, about, ctx.now()));
      const { definition, rows, window, value } = readings.find((one) => one.definition.version === chosen.version)!;
      return {
        definition,
        ...(about.ref === undefined ? {} : { about: about.ref }),
        title: about.title,
        value,
        weeks: historyOf(definition, rows, window),
        distribution: definition.unit === "hours" ? distributionOf(rows, window) : [],
        versions: readings.map((one) => ({ definition: one.definition, value: one.value })),
        benchmarks: [...benchmarksOf(measure)],
      };
    }),
    handle(listMeasureRows, async (ctx, { measure, about: ref, version, limit, cursor }) => {
      const about = aboutOf(await things.seenBy(ctx), ref);
      const definition = await definitionOf(ctx.sql, measure, version);
      const records = await recordsFor(ctx.sql, about, { now: ctx.now(), windowDays: definition.rules.windowDays });
      const { rows, window } = readMeasure(definition, records, about, ctx.now());
      const place = readCursor(z.tuple([z.number(), z.string()]), cursor);
      const inside = rows.filter(({ at }) => at >= window.from && at < window.to).toSorted((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1));
      const rest = place === undefined ? inside : inside.filter(({ at, id }) => at < place[0] || (at === place[0] && id < place[1]));
      const items = rest.slice(0, limit);
      const last = items.at(-1);
      return {
        items: items.map(({ entityRef, value, at, ...row }) => ({
          ...row,
          at: new Date(at).toISOString(),
          ...(entityRef === undefined ? {} : { entityRef }),
          ...(value === undefined ? {} : { value }),
        })),
        total: inside.length,
        ...(rest.length > limit && last !== undefined ? { nextCursor: encodeCursor([last.at, last.id]) } : {}),
      };
    }),
    handle(compareMeasure, async (ctx, { measure, about: ref, limit, cursor }) => {
      const about = aboutOf(await things.seenBy(ctx), ref);
      const definition = await definitionOf(ctx.sql, measure, undefined);
      const after = readCursor(z.string(), cursor) ?? "";
      const shown = about.components.filter((one) => one.ref > after).slice(0, limit + 1);
      const page = shown.slice(0, limit);
      const records = await recordsFor(
        ctx.sql,
        { ...about, ref: ref ?? "", components: page },
        { now: ctx.now(), windowDays: definition.rules.windowDays },
      );
      const items = page.map(({ ref: entityRef, title, owner }) => {
        const own = {
          deployments: records.deployments.filter((one) => one.entityRef === entityRef),
          changes: records.changes.filter((one) => one.entityRef === entityRef),
          incidents: records.incidents.filter((one) => one.entityRef === entityRef),
        };
        return {
          entityRef,
          title,
          ...(owner === undefined ? {} : { owner }),
          value: readMeasure(definition, own, { ref: entityRef }, ctx.now()).value,
        };
      });
      return { items, total: about.components.length, ...(shown.length > limit ? { nextCursor: encodeCursor(page.at(-1)!.ref) } : {}) };
    }),
    handle(defineMeasure, async (ctx, { measure, owner, rules, why }) => {
      if (owner === undefined && Object.keys(rules).length === 0) {
        throw new InvalidError("Nothing would be different.", {
          problems: [{ at: "rules", reason: "names no rule, and no owner is given" }],
          mend: "Name a rule, e.g. windowDays, or an owner.",
        });
      }
      const by = formatActor(ctx.actor);
      const made = await addVersion(
        ctx,
        measure,
        (newest) => ({ owner: owner ?? newest.owner, rules: { ...newest.rules, ...withoutGaps(rules) } }),
        { why, by },
      );
      ctx.emit(measureDefined, measure, { measure, title: made.title, version: made.version, why });
      return made;
    }),
  ];
}

async function definitionOf(sql: Sql, measure: MeasureName, version: number | undefined): Promise<MeasureDefinition> {
  const versions = await versionsOf(sql, measure);
  return version === undefined ? versions[0] : pick(versions, measure, version);
}

function pick(versions: readonly MeasureDefinition[], measure: string, version: number): MeasureDefinition {
  const found = versions.find((one) => one.version === version);
  if (found === undefined) throw new NotFoundError("version", `${measure} ${version}`, `Its newest is ${versions[0]!.version}.`);
  return found;
}

/** What was not named stays as it is. */
function withoutGaps<T extends object>(rules: { readonly [K in keyof T]?: T[K] | undefined }): Partial<T> {
  return Object.fromEntries(Object.entries(rules).filter(([, value]) => value !== undefined)) as Partial<T>;
}
