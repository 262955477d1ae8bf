import { getEntityScores, getMatrix, listScores, type ScoreRow } from "@roadbed/contracts/standards/scores";
import { encodeCursor, handle, InvalidError, NotFoundError, readCursor, type Ctx, type Handler } from "@roadbed/core";
import { z } from "zod";

import { newestMends } from "../mend/mend-store.ts";
import type { Board } from "./board.ts";
import { codeOf, outcomeOf } from "./codes.ts";
import type { Definition } from "./definition.ts";
import type { ScorecardParts } from "./parts.ts";
import { readNotes } from "./result-store.ts";
import { nextSteps, shareOf, type Standing } from "./standing.ts";
import { scoreOf, seenOf, tally, type Seen } from "./words.ts";

/** How things stand: one, many, and teams or systems beside each other. Of what a caller may not see nothing is counted. */
export function makeScoreReaders({ board: readBoard, things }: ScorecardParts): readonly Handler[] {
  return [
    handle(getEntityScores, async (ctx, { ref, scorecard }) => {
      const [board, view] = await look(ctx);
      if (!view.get(ref)) throw new NotFoundError("entity", ref, "List the entities to see what there is.");
      if (scorecard !== undefined) board.definition(scorecard);
      const asked = board.definitions.filter(({ name }) => scorecard === undefined || name === scorecard);
      const scores = [];
      for (const definition of asked) {
        const entry = board.entries(definition.name).get(ref);
        if (!entry) continue;
        const notes = await readNotes(ctx.sql, definition.name, [ref]);
        const mends = await newestMends(ctx.sql, ref, definition.name);
        scores.push(scoreOf(board, definition, entry, notes.get(ref) ?? {}, mends));
      }
      return { ref, scores };
    }),
    handle(listScores, async (ctx, { name, owner, system, level, category, rule, outcome, text, limit, cursor }) => {
      const [board, view] = await look(ctx);
      const definition = board.definition(name);
      const categoryAt = category === undefined ? undefined : positionOf(definition.categories, category, "category");
      const ruleAt = rule === undefined ? undefined : definition.rules.findIndex(({ id }) => id === rule);
      if (ruleAt === -1) throw wrong("rule", `there is no rule ${rule}`, `Rules are ${definition.rules.map(({ id }) => id).join(", ")}.`);
      const wantedRank = level === undefined ? undefined : level === "none" ? 0 : positionOf(definition.levels, level, "level") + 1;
      const words = text?.toLowerCase();
      const fitting = seenOf(board, definition, view, { owner, system }).filter((seen) => {
        const standing = board.standing(definition, seen.entry);
        const rank = categoryAt === undefined ? standing.rank : standing.ranks[categoryAt];
        if (wantedRank !== undefined && rank !== wantedRank) return false;
        if (words !== undefined && !seen.entry.ref.includes(words) && !seen.thing.title.toLowerCase().includes(words)) return false;
        if (ruleAt === undefined) return true;
        const code = board.codes(definition, seen.entry)[ruleAt];
        return outcome === undefined ? code !== "n" : code === codeOf(outcome);
      });
      const after = readCursor(z.object({ key: z.string(), ref: z.string() }), cursor);
      const keyed = (seen: Seen): string => keyOf(board.standing(definition, seen.entry), categoryAt);
      const { page: some, next } = pageByStanding(fitting, { keyOf: keyed, after, limit });
      const notes =
        rule === undefined
          ? undefined
          : await readNotes(
              ctx.sql,
              name,
              some.map(({ entry }) => entry.ref),
            );
      return {
        items: some.map((seen) => {
          const row = scoreRow(board, definition, seen);
          if (ruleAt === undefined) return row;
          const found = outcomeOf(board.codes(definition, seen.entry)[ruleAt]);
          const note = notes?.get(seen.entry.ref)?.[rule!] ?? (found === "fail" ? definition.rules[ruleAt]!.message : undefined);
          return { ...row, ...(found === undefined ? {} : { outcome: found }), ...(note === undefined ? {} : { message: note }) };
        }),
        total: fitting.length,
        ...(next ? { nextCursor: encodeCursor(next) } : {}),
      };
    }),
    handle(getMatrix, async (ctx, { name, by, limit, cursor }) => {
      const [board, view] = await look(ctx);
      const definition = board.definition(name);
      const groups = [...Map.groupBy(seenOf(board, definition, view), ({ thing }) => thing[by] ?? "")].map(([ref, seen]) => ({
        ref,
        seen,
        // A team that one may not see is known by the name that its things give.
        title: ref === "" ? (by === "owner" ? "Nobody's" : "In no system") : (view.get(ref)?.title ?? ref),
      }));
      groups.sort(
        (a, b) => Number(a.ref === "") - Number(b.ref === "") || a.title.localeCompare(b.title, "en") || (a.ref < b.ref ? -1 : 1),
      );
      const from = readCursor(z.object({ from: z.number().int().min(0) }), cursor)?.from ?? 0;
      return {
        items: groups.slice(from, from + limit).map(({ ref, title, seen }) => ({
          ...(ref === "" ? {} : { ref }),
          title,
          ...tally(board, definition, seen),
          cells: definition.categories.map(({ name: category }, n) => {
            const { things: _things, ...cell } = tally(board, definition, seen, n);
            return { category, ...cell };
          }),
        })),
        total: groups.length,
        ...(groups.length > from + limit ? { nextCursor: encodeCursor({ from: from + limit }) } : {}),
      };
    }),
  ];

  async function look(ctx: Ctx) {
    return [await readBoard(ctx.sql), await things.viewOf(ctx)] as const;
  }
}

/** Of very many things few stand differently: they are put in order by how they stand, and only those that are shown by name. */
function pageByStanding(
  seen: readonly Seen[],
  o: {
    readonly keyOf: (seen: Seen) => string;
    readonly after: { readonly key: string; readonly ref: string } | undefined;
    readonly limit: number;
  },
): { readonly page: Seen[]; readonly next?: { readonly key: string; readonly ref: string } } {
  const groups = [...Map.groupBy(seen, o.keyOf)].filter(([key]) => o.after === undefined || key >= o.after.key);
  const page: Seen[] = [];
  for (const [key, all] of groups.sort(([a], [b]) => (a < b ? -1 : 1))) {
    const rest = o.after?.key === key ? all.filter(({ entry }) => entry.ref > o.after!.ref) : all;
    for (const one of rest.sort((a, b) => (a.entry.ref < b.entry.ref ? -1 : 1))) {
      const last = page.at(-1);
      if (page.length === o.limit) return { page, next: { key: o.keyOf(last!), ref: last!.entry.ref } };
      page.push(one);
    }
  }
  return { page };
}

const keys = new WeakMap<Standing, Map<number, string>>();

/** The lowest level first, and of one level the lowest score. */
function keyOf(standing: Standing, category: number | undefined): string {
  const known = keys.get(standing) ?? new Map<number, string>();
  keys.set(standing, known);
  const at = category ?? -1;
  let key = known.get(at);
  if (key === undefined) {
    const rank = category === undefined ? standing.rank : standing.ranks[category];
    known.set(at, (key = `${String(rank ?? 99).padStart(2, "0")} ${(shareOf(standing) ?? 1).toFixed(6)}`));
  }
  return key;
}

function scoreRow(board: Board, definition: Definition, { entry, thing }: Seen): ScoreRow {
  const standing = board.standing(definition, entry);
  const { rank, failed, unknown } = standing;
  const share = shareOf(standing);
  const steps = rank === undefined ? [] : nextSteps(definition, board.codes(definition, entry), rank, Date.now());
  const [first] = steps;
  return {
    ref: entry.ref,
    kind: thing.kind,
    title: thing.title,
    ...(thing.owner === undefined ? {} : { owner: thing.owner }),
    ...(thing.system === undefined ? {} : { system: thing.system }),
    ...(rank === undefined ? {} : { rank }),
    ...(rank === undefined || rank === 0 ? {} : { level: definition.levels[rank - 1]!.name }),
    ...(share === undefined ? {} : { score: share }),
    failed,
    unknown,
    ...(first ? { next: { id: first.rule.id, title: first.rule.title, effort: first.rule.effort, steps: steps.length } } : {}),
  };
}

function positionOf(list: readonly { readonly name: string }[], name: string, field: string): number {
  const at = list.findIndex((one) => one.name === name);
  if (at < 0) throw wrong(field, `there is no ${field} ${name}`, `There are ${list.map((one) => one.name).join(", ")}.`);
  return at;
}

function wrong(at: string, reason: string, mend: string): InvalidError {
  return new InvalidError(`${at}: ${reason}.`, { problems: [{ at, reason, mend }], mend });
}
