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
import { isOfAdoption, openReader } from "./open-reader.ts";
import { readMeasure, recordsFor } from "./read-measure.ts";
import { aboutOf } from "./scope.ts";
import { distributionOf, valueOf } from "./value.ts";

/** What is measured, from what was told of what the caller may see. */
export function makeMeasureHandlers({ things }: Pick<ProductDeps, "things">): Handler[] {
  return [
    handle(listMeasures, async (ctx, { about: ref, limit, cursor }) => {
      const seen = await things.seenBy(ctx);
      const about = aboutOf(seen, ref);
      const [after] = [readCursor(z.number().int(), cursor) ?? 0];
      const definitions = await Promise.all(
        MEASURES.slice(after, after + limit).map(async (measure) => (await versionsOf(ctx.sql, measure))[0]),
      );
      const reader = await openReader(ctx, things, seen, { about, definitions });
      const items = definitions.map((definition): ListedMeasure => {
        const { measure, title, question, unit, better, version, owner } = definition;
        const reading = reader.read(definition);
        return { measure, title, question, unit, better, version, owner, value: reading.value, weeks: reader.weeks(reading) };
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
      const seen = await things.seenBy(ctx);
      const about = aboutOf(seen, ref);
      const versions = await versionsOf(ctx.sql, measure);
      const chosen = version === undefined ? versions[0] : pick(versions, measure, version);
      const reader = await openReader(ctx, things, seen, { about, definitions: versions });
      const readings = versions.map((definition) => reader.read(definition));
      const reading = readings.find((one) => one.definition.version === chosen.version)!;
      const { definition, rows, window, value } = reading;
      return {
        definition,
        ...(about.ref === undefined ? {} : { about: about.ref }),
        title: about.title,
        value,
        weeks: reader.weeks(reading),
        distribution: definition.unit === "hours" ? distributionOf(rows, window) : [],
        versions: readings.map((one) => ({ definition: one.definition, value: one.value })),
        benchmarks: [...benchmarksOf(measure)],
      };
    }),
    handle(listMeasureRows, async (ctx, { measure, about: ref, version, limit, cursor }) => {
      const seen = await things.seenBy(ctx);
      const about = aboutOf(seen, ref);
      const definition = await definitionOf(ctx.sql, measure, version);
      const { rows, window } = (await openReader(ctx, things, seen, { about, definitions: [definition] })).read(definition);
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
      const seen = await things.seenBy(ctx);
      const about = aboutOf(seen, ref);
      const definition = await definitionOf(ctx.sql, measure, undefined);
      const after = readCursor(z.string(), cursor) ?? "";
      if (isOfAdoption(measure)) {
        const { rows, window, value } = (await openReader(ctx, things, seen, { about, definitions: [definition] })).read(definition);
        const teamOf = new Map(about.components.map(({ ref: component, owner }) => [component, owner]));
        const byTeam = Map.groupBy(rows, ({ entityRef }) => (entityRef !== undefined && teamOf.get(entityRef)) || entityRef || "");
        const teams = [...byTeam.keys()].filter((team) => team.startsWith("group:")).sort();
        const rest = teams.filter((team) => team > after);
        const items = rest.slice(0, limit).map((team) => ({
          entityRef: team,
          title: seen.get(team)?.title ?? team,
          value: valueOf(definition, byTeam.get(team)!, {
            window,
            about: team,
            notInstrumented: value.status === "not_instrumented" ? value.why : undefined,
          }),
        }));
        return { items, total: teams.length, ...(rest.length > limit ? { nextCursor: encodeCursor(items.at(-1)!.entityRef) } : {}) };
      }
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
