import { createHmac, timingSafeEqual } from "node:crypto";

import { getBadge } from "@roadbed/contracts/standards/scores";
import { handle, NotFoundError, type Handler, type Sql } from "@roadbed/core";

import { rubricOf, type Board, type Entry } from "./board.ts";
import type { Definition } from "./definition.ts";
import type { ScorecardParts } from "./parts.ts";

/** Which badge is asked for. */
export interface BadgeRequest {
  readonly ref: string;
  readonly scorecard?: string | undefined;
  readonly category?: string | undefined;
  readonly theme: "light" | "dark";
}

/** What a signature is of: it opens this one picture, in both looks, and nothing else. */
export function signedPart({ ref, scorecard, category }: Omit<BadgeRequest, "theme">): string {
  return JSON.stringify(["badge", ref, scorecard ?? "", category ?? ""]);
}

export type Sign = (what: string) => Promise<string>;

/** With the key that all processes share: an address that was given to somebody stays good. */
export function makeSigner(sql: Sql): Sign {
  let key: Promise<Buffer> | undefined;
  const readKey = async (): Promise<Buffer> => {
    const { rows } = await sql.query<{ badge_key: Buffer }>("select badge_key from standards.scorecard_state");
    return rows[0]!.badge_key;
  };
  return async (what) => {
    key ??= readKey().catch((error: unknown) => ((key = undefined), Promise.reject(error)));
    return createHmac("sha256", await key)
      .update(what)
      .digest("base64url")
      .slice(0, 32);
  };
}

export async function isSigned(sign: Sign, request: BadgeRequest, signature: string | undefined): Promise<boolean> {
  if (signature === undefined) return false;
  const [given, right] = [Buffer.from(signature), Buffer.from(await sign(signedPart(request)))];
  return given.length === right.length && timingSafeEqual(given, right);
}

/** The address of a badge, for whoever may see the entity: they decide who else may see its level. */
export function makeGetBadge({ board: readBoard, things, publicUrl, sign }: ScorecardParts): Handler {
  return handle(getBadge, async (ctx, { ref, scorecard, category, theme }) => {
    const [board, view] = [await readBoard(ctx.sql), await things.viewOf(ctx)];
    const thing = view.get(ref);
    if (!thing) throw new NotFoundError("entity", ref, "List the entities to see what there is.");
    const definition = scorecard === undefined ? rubricOf(board) : board.definition(scorecard);
    if (!definition) throw new NotFoundError("rubric", "of this organisation", "Name a scorecard.");
    if (category !== undefined && !definition.categories.some(({ name }) => name === category))
      throw new NotFoundError("category", category, `There are ${definition.categories.map(({ name }) => name).join(", ")}.`);
    const query = new URLSearchParams({ scorecard: definition.name, ...(category === undefined ? {} : { category }), theme });
    const path = `/badges/${encodeURIComponent(ref)}.svg?${query}`;
    query.set("sign", await sign(signedPart({ ref, scorecard: definition.name, category })));
    const url = `${publicUrl}/badges/${encodeURIComponent(ref)}.svg?${query}`;
    const [kind = "", rest = ""] = ref.split(":");
    const page = `${publicUrl}/entities/${[kind, ...rest.split("/")].map(encodeURIComponent).join("/")}?tab=standards`;
    return { url, path, markdown: `[![${definition.title}](${url})](${page})` };
  });
}

/** The picture, as SVG. `entry` is missing where the scorecard does not look at the entity. */
export function drawBadge(board: Board, definition: Definition, entry: Entry | undefined, { category, theme }: BadgeRequest): string {
  const at = definition.categories.findIndex(({ name }) => name === category);
  const standing = entry && board.standing(definition, entry);
  const rank = at < 0 ? standing?.rank : standing?.ranks[at];
  const { levels } = definition;
  const left = at < 0 ? definition.title : definition.categories[at]!.title;
  const right = rank === undefined ? "not rated" : rank === 0 ? `below ${levels[0]!.title}` : levels[rank - 1]!.title;
  const colours = THEMES[theme];
  const fill = rank === undefined ? colours.none : colours.levels[stepOf(rank, levels.length)]!;
  const [a, b] = [widthOf(left), widthOf(right)];
  const label = escape(`${left}: ${right}`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${a + b}" height="20" role="img" aria-label="${label}"><title>${label}</title>
<clipPath id="r"><rect width="${a + b}" height="20" rx="3"/></clipPath>
<g clip-path="url(#r)"><rect width="${a}" height="20" fill="${colours.label}"/><rect x="${a}" width="${b}" height="20" fill="${fill.back}"/></g>
<g font-family="Inter,Verdana,Geneva,sans-serif" font-size="11" text-anchor="middle"><text x="${a / 2}" y="14" fill="${colours.text}">${escape(left)}</text><text x="${a + b / 2}" y="14" fill="${fill.text}">${escape(right)}</text></g></svg>`;
}

/** 0 below the lowest level, 4 at the highest; others between. */
function stepOf(rank: number, levels: number): number {
  return rank === 0 ? 0 : rank === levels ? 4 : 1 + Math.min(2, Math.floor(((rank - 1) * 3) / Math.max(1, levels - 1)));
}

const THEMES = {
  light: {
    label: "#3f4650",
    text: "#ffffff",
    none: { back: "#6b7280", text: "#ffffff" },
    levels: [
      { back: "#b42318", text: "#ffffff" },
      { back: "#b45309", text: "#ffffff" },
      { back: "#7a6a00", text: "#ffffff" },
      { back: "#2f6f8f", text: "#ffffff" },
      { back: "#177245", text: "#ffffff" },
    ],
  },
  dark: {
    label: "#d5dae1",
    text: "#16191d",
    none: { back: "#9aa3af", text: "#16191d" },
    levels: [
      { back: "#f28b82", text: "#16191d" },
      { back: "#f2a65a", text: "#16191d" },
      { back: "#e3cf57", text: "#16191d" },
      { back: "#8ec7e0", text: "#16191d" },
      { back: "#79d09b", text: "#16191d" },
    ],
  },
} as const;

/** Close enough for a font that is not there to be measured. */
function widthOf(text: string): number {
  return Math.round(
    text.split("").reduce((sum, letter) => sum + (/[iljftr.,:' ]/.test(letter) ? 4 : /[mwMW@]/.test(letter) ? 10 : 6.7), 14),
  );
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
