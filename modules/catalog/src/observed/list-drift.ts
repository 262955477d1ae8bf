import { listDrift, type DriftItem } from "@roadbed/contracts/catalog/graph";
import { encodeCursor, handle, NotFoundError, readCursor, type Handler, type Sql } from "@roadbed/core";
import { z } from "zod";

import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo, type Visibility } from "../estate/visibility.ts";
import { nameOfType } from "../graph/ways.ts";
import { declarationOf, isJudged, judge } from "./compare.ts";
import type { ObservedEdge } from "./observed.ts";
import { trafficOf } from "./traffic.ts";

const DAY = 86_400_000;
const After = z.object({ after: z.string() });
const ORDER = { undeclared: 0, unseen: 1, unknown: 2 } as const;

/** Declared and observed relations side by side: what only one of the two knows. */
export function makeListDrift(catalogue: Catalogue): Handler {
  const { estate, feed, observed, kinds } = catalogue;
  return handle(listDrift, async (ctx, { finding, ref, owner, days, dismissed, limit, cursor }) => {
    await feed.fresh();
    await observed.fresh(ctx.sql);
    const visible = await visibleTo(catalogue, ctx);
    const dismissals = await readDismissals(ctx.sql, ctx.now());
    const only = ref === undefined ? undefined : estate.idOf(ref);
    if (ref !== undefined && (only === undefined || !visible.sees(only)))
      throw new NotFoundError("entity", ref, "List the entities to see what there is.");
    const o = { days, now: ctx.now(), visible, only };
    const all = [...undeclared(o), ...unseen(o)]
      .filter((item) => owner === undefined || item.owner === owner)
      .map((item) => {
        const found = dismissals.get(keyOf(item));
        return found ? { ...item, dismissed: found } : item;
      });
    const open = all.filter((item) => item.dismissed === undefined);
    const shown = (dismissed ? all : open)
      .filter((item) => finding === undefined || item.finding === finding)
      .map((item) => ({ item, key: sortKeyOf(item) }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    const after = readCursor(After, cursor)?.after ?? "";
    const rest = shown.filter(({ key }) => key > after);
    const page = rest.slice(0, limit);
    const countOf = (what: DriftItem["finding"]): number => open.filter((item) => item.finding === what).length;
    return {
      items: page.map(({ item }) => item),
      total: shown.length,
      ...(rest.length > limit ? { nextCursor: encodeCursor({ after: page.at(-1)!.key }) } : {}),
      counts: {
        unseen: countOf("unseen"),
        undeclared: countOf("undeclared"),
        unknown: countOf("unknown"),
        dismissed: all.length - open.length,
      },
      strangers: observed.strangers.length,
      ...(observed.watchedFrom === undefined ? {} : { watchedFrom: observed.watchedFrom.toISOString() }),
      limits: limitsOf(days, ctx.now()),
    };
  });

  interface Question {
    readonly days: number;
    readonly now: Date;
    readonly visible: Visibility;
    readonly only: number | undefined;
  }

  function* undeclared({ days, now, visible, only }: Question): Generator<DriftItem> {
    const since = now.getTime() - days * DAY;
    for (const edge of only === undefined ? observed.edges : observed.of(only)) {
      if (edge.lastSeen.getTime() < since || !visible.sees(edge.from) || !visible.sees(edge.to)) continue;
      if (declarationOf(catalogue, edge) === undefined) yield undeclaredItem(edge, now, visible);
    }
  }

  function undeclaredItem(edge: ObservedEdge, now: Date, visible: Visibility): DriftItem {
    const [from, to] = [nameOf(edge.from), nameOf(edge.to)];
    const traffic = trafficOf([edge], now)!;
    const verb = { calls: "calls", sends: "sends messages to", uses: "uses" }[edge.type];
    return {
      finding: "undeclared",
      from: estate.refOf(edge.from),
      to: estate.refOf(edge.to),
      type: edge.type,
      reason: `${from} ${verb} ${to} (${traffic.calls.toLocaleString("en")} times in 24 hours), and no descriptor says so.`,
      ...ownerOf(edge.type === "sends" ? edge.to : edge.from),
      traffic,
      fixes: fixesOf(edge, visible),
    };
  }

  /** What would declare it: by an API that the other end provides, where it has one; else directly. */
  function fixesOf(edge: ObservedEdge, visible: Visibility): DriftItem["fixes"] {
    // Who is sent to depends on the sender.
    const [needs, needed] = edge.type === "sends" ? [edge.to, edge.from] : [edge.from, edge.to];
    const from = estate.refOf(needs);
    const fix = (type: string, to: number): DriftItem["fixes"][number] => ({
      label: `${nameOf(needs)} ${type} ${nameOf(to)}`,
      act: "declare",
      from,
      type,
      to: estate.refOf(to),
    });
    const apis: number[] = [];
    if (estate.at(needs)?.kind === "Component") {
      estate.graph.forEach(needed, "out", (other, type) => {
        if (nameOfType(kinds.relations, type) === "providesApi" && visible.sees(other) && estate.at(other)) apis.push(other);
      });
    }
    return [...apis.map((api) => fix("consumesApi", api)), fix("dependsOn", needed)];
  }

  function* unseen({ days, now, visible, only }: Question): Generator<DriftItem> {
    const considered = new Set<string>();
    for (const { from, to, type } of candidates(only)) {
      const key = `${from} ${to} ${type}`;
      if (considered.has(key) || !visible.sees(from) || !visible.sees(to) || !estate.at(from) || !estate.at(to)) continue;
      considered.add(key);
      const verdict = judge(catalogue, { from, to, type }, { days, now });
      if (verdict.state === "seen") continue;
      const name = nameOfType(kinds.relations, type);
      const relation = { from: estate.refOf(from), to: estate.refOf(to), type: name };
      if (verdict.state === "unknown") {
        yield { finding: "unknown", ...relation, reason: verdict.reason, ...ownerOf(from), fixes: [] };
        continue;
      }
      const last = verdict.last ? trafficOf([verdict.last], now) : undefined;
      yield {
        finding: "unseen",
        ...relation,
        reason: `${nameOf(from)} declares ${name} ${nameOf(to)}, and ${last ? `the last call was seen on ${last.lastSeen.slice(0, 10)}` : `no call was ever seen`}; both send traces.`,
        ...ownerOf(from),
        ...(last ? { traffic: last } : {}),
        fixes: [{ label: `${nameOf(from)} no longer ${name} ${nameOf(to)}`, act: "withdraw", ...relation }],
      };
    }
  }

  /** Declared relations over which traffic goes, of one node or of all that send traces. */
  function* candidates(only: number | undefined): Generator<{ from: number; to: number; type: number }> {
    const found: { from: number; to: number; type: number }[] = [];
    const gather = (id: number, direction: "out" | "in"): void =>
      estate.graph.forEach(id, direction, (other, type) => {
        if (isJudged(type)) found.push(direction === "out" ? { from: id, to: other, type } : { from: other, to: id, type });
      });
    if (only !== undefined) {
      gather(only, "out");
      gather(only, "in");
    } else for (const id of observed.senderIds()) gather(id, "out");
    yield* found;
  }

  function limitsOf(days: number, now: Date): string[] {
    const { watchedFrom, strangers } = observed;
    if (!watchedFrom) return ["No traces have arrived yet, so nothing can be said about what is seen. Send telemetry by OTLP."];
    const watched = (now.getTime() - watchedFrom.getTime()) / DAY;
    return [
      ...(watched < days
        ? [`Traces have been watched for ${formatDays(watched)}, not for ${days} days: what was not seen is told as unknown.`]
        : []),
      ...(strangers.length > 0 ? [`${strangers.length} names in the traces belong to no entity; what they do is not compared.`] : []),
      "Only dependsOn and consumesApi are compared, and only where both ends appear in traces.",
    ];
  }

  function nameOf(id: number): string {
    const item = estate.at(id);
    return item?.title ?? item?.name ?? estate.refOf(id);
  }

  function ownerOf(id: number): { owner?: string } {
    const owner = estate.at(id)?.owner;
    return owner === undefined ? {} : { owner };
  }
}

function formatDays(days: number): string {
  return days < 1 ? `${Math.max(1, Math.floor(days * 24))} hours` : `${Math.floor(days)} ${Math.floor(days) === 1 ? "day" : "days"}`;
}

function keyOf({ finding, from, to, type }: Pick<DriftItem, "finding" | "from" | "to" | "type">): string {
  return [finding, from, to, type].join(" ");
}

/** By finding, then the busiest first: numbers are turned round and padded, so that text sorts them. */
function sortKeyOf(item: DriftItem): string {
  const calls = Math.min(item.traffic?.calls ?? 0, 999_999_999_999);
  return `${ORDER[item.finding]} ${String(999_999_999_999 - calls).padStart(12, "0")} ${keyOf(item)}`;
}

async function readDismissals(sql: Sql, now: Date): Promise<Map<string, NonNullable<DriftItem["dismissed"]>>> {
  const { rows } = await sql.query<{
    finding: string;
    from_ref: string;
    to_ref: string;
    type: string;
    reason: string;
    actor: string;
    until: Date;
  }>("select finding, from_ref, to_ref, type, reason, actor, until from catalog.drift_dismissal where until > $1", [now]);
  return new Map(
    rows.map(({ finding, from_ref, to_ref, type, reason, actor, until }) => [
      [finding, from_ref, to_ref, type].join(" "),
      { reason, by: actor, until: until.toISOString() },
    ]),
  );
}
