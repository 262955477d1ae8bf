import { exportOrphans, getOwnership, listOrphans, type Orphan, type OrphanReason } from "@roadbed/contracts/catalog/ownership";
import { encodeCursor, handle, readCursor, type Handler, type ParsedInputOf } from "@roadbed/core";
import { z } from "zod";

import type { Catalogue, ReadCtx } from "../estate/catalogue.ts";
import { visibleTo } from "../estate/visibility.ts";
import { findLeavers } from "./find-leavers.ts";
import type { createOwnership, OwnershipView } from "./ownership-view.ts";
import { suggestOwners } from "./suggest-owners.ts";
import { countOf, titleOf, WRONG } from "./words.ts";

const After = z.object({ after: z.string() });
const COLUMNS = ["ref", "kind", "title", "system", "reason", "said", "suggested owner", "because"] as const;

/** What nobody owns: in one sentence, one by one, and as a table. */
export function makeOrphanHandlers(catalogue: Catalogue, ownership: ReturnType<typeof createOwnership>): readonly Handler[] {
  const { estate, feed } = catalogue;
  return [
    handle(getOwnership, async (ctx) => {
      await feed.fresh();
      const visible = await visibleTo(catalogue, ctx);
      const view = ownership(visible);
      const things = view.things.length;
      const owned = things - view.orphans.size;
      return {
        things,
        owned,
        counts: countReasons(view.orphans.values()),
        teams: view.teams.length,
        people: view.people,
        left: (await findLeavers(catalogue, ctx.sql, { view, visible })).length,
        said:
          things === 0
            ? "There is nothing yet that should have an owner."
            : `${owned.toLocaleString("en")} of ${countOf(things, "thing")} ${things === 1 ? "has" : "have"} an owner who is there.`,
        limits: limitsOf(view),
      };
    }),
    handle(listOrphans, async (ctx, input) => {
      const { page, ...answer } = await pageOfOrphans(ctx, input);
      return { items: page, ...answer };
    }),
    handle(exportOrphans, async (ctx, input) => {
      const { page, nextCursor } = await pageOfOrphans(ctx, input);
      const lines = page.map((orphan) =>
        [
          orphan.ref,
          orphan.kind,
          orphan.title,
          orphan.system ?? "",
          orphan.reason,
          orphan.said,
          orphan.suggestion?.owner ?? "",
          orphan.suggestion?.reasons.join("; ") ?? "",
        ]
          .map(toCell)
          .join(","),
      );
      const head = input.cursor === undefined ? [COLUMNS.join(",")] : [];
      return { text: [...head, ...lines].map((line) => `${line}\r\n`).join(""), ...(nextCursor === undefined ? {} : { nextCursor }) };
    }),
  ];

  async function pageOfOrphans(ctx: ReadCtx, { reason, kind, system, text, limit, cursor }: ParsedInputOf<typeof listOrphans>) {
    await feed.fresh();
    const visible = await visibleTo(catalogue, ctx);
    const view = ownership(visible);
    const words = text?.toLowerCase();
    const fitting = [...view.orphans].flatMap(([id, why]) => {
      const item = estate.at(id)!;
      if (system !== undefined && item.system !== system) return [];
      if (words !== undefined && !item.ref.includes(words) && !item.title?.toLowerCase().includes(words)) return [];
      return [{ item, why, key: `${String(Math.round((1 - item.criticality) * 1_000)).padStart(4, "0")} ${item.ref}` }];
    });
    const ofKind = fitting.filter(({ item }) => kind === undefined || item.kind.toLowerCase() === kind);
    const ofReason = fitting.filter(({ why }) => reason === undefined || why === reason);
    const shown = ofKind.filter(({ why }) => reason === undefined || why === reason).sort((a, b) => (a.key < b.key ? -1 : 1));
    const after = readCursor(After, cursor)?.after ?? "";
    const rest = shown.filter(({ key }) => key > after);
    const some = rest.slice(0, limit);
    const suggestions = await suggestOwners(catalogue, ctx.sql, { view, visible, refs: some.map(({ item }) => item.ref) });
    const page = some.map(({ item, why }): Orphan => {
      const suggestion = suggestions.get(item.ref);
      const owners = view.ownersOf(item.id).map((owner) => ({ ref: estate.refOf(owner.id), reason: owner.state as OrphanReason }));
      return {
        ref: item.ref,
        kind: item.kind,
        title: item.title ?? item.name,
        ...(item.system === undefined ? {} : { system: item.system }),
        criticality: item.criticality,
        reason: why,
        said: sentenceOf(owners),
        owners,
        ...(suggestion === undefined ? {} : { suggestion }),
      };
    });
    return {
      page,
      total: shown.length,
      counts: countReasons(ofKind.map(({ why }) => why)),
      kinds: Object.fromEntries([...Map.groupBy(ofReason, ({ item }) => item.kind)].map(([name, all]) => [name, all.length])),
      ...(rest.length > limit ? { nextCursor: encodeCursor({ after: some.at(-1)!.key }) } : {}),
    };
  }

  function sentenceOf(owners: Orphan["owners"]): string {
    if (owners.length === 0) return "It names no owner.";
    return owners.map(({ ref, reason }) => `${titleOf(estate, ref)} ${WRONG[reason]}.`).join(" ");
  }
}

function limitsOf({ knowsPeople, teams }: OwnershipView): string[] {
  return [
    ...(knowsPeople
      ? []
      : ["The catalogue knows no people, so no team is called empty. Connect where your people are (SCIM, LDAP), or describe them."]),
    ...(teams.length > 0 ? [] : ["The catalogue knows no teams. Describe them as groups, or connect where they are."]),
  ];
}

function countReasons(reasons: Iterable<OrphanReason>): Record<OrphanReason, number> {
  const counts = { none: 0, unknown: 0, empty: 0, left: 0 };
  for (const reason of reasons) counts[reason]++;
  return counts;
}

/** Quoted where it must be; what a spreadsheet would run as a formula is kept from it. */
function toCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
