import type { Picture } from "./export-graph.ts";

const BOX = { width: 190, height: 36, gapX: 90, gapY: 14, margin: 20 };
const SWEEPS = 6;
const MOST_LABEL = 26;

/**
 * Draws a picture in layers from left to right: what needs stands left of what it needs. The same data gives the same picture. For
 * documents and mails; the page has a finer one.
 */
export function drawSvg({ nodes, edges }: Picture): string {
  const places = layers(nodes.map(({ id }) => id).sort(), edges);
  const of = (id: string): { x: number; y: number } => places.get(id) ?? { x: 0, y: 0 };
  const all = [...places.values()];
  const width = Math.max(0, ...all.map(({ x }) => x)) + BOX.width + BOX.margin;
  const height = Math.max(0, ...all.map(({ y }) => y)) + BOX.height + BOX.margin + 30;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Inter, system-ui, sans-serif" font-size="12">`,
    `<title>${nodes.length} entities and groups, ${edges.length} relations</title>`,
    '<defs><marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="#667"/></marker></defs>',
    `<rect width="100%" height="100%" fill="#fff"/>`,
    ...edges.map((edge) => line(of(edge.from), of(edge.to), edge)),
    ...nodes.map(({ id, label, kind }) => box(of(id), label, kind, id)),
    legend(height),
    "</svg>",
    "",
  ].join("\n");
}

function line(a: { x: number; y: number }, b: { x: number; y: number }, edge: Picture["edges"][number]): string {
  const backwards = b.x < a.x;
  const [x1, x2] = backwards ? [a.x, b.x + BOX.width] : [a.x + BOX.width, b.x];
  const [y1, y2] = [a.y + BOX.height / 2, b.y + BOX.height / 2];
  const bend = Math.max(30, Math.abs(x2 - x1) / 2) * (backwards ? -1 : 1);
  const dash = edge.origins.includes("declared") ? (edge.origins.length > 1 ? "" : "6 4") : "1.5 4";
  const width = 1.2 + Math.min(3, Math.log10(1 + (edge.calls ?? 0)) * 0.6);
  const said = `${edge.from} ${edge.type} ${edge.to} (${edge.origins.join(", ")}${edge.calls === undefined ? "" : `, ${edge.calls} calls in 24 h`})`;
  return `<path d="M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}" fill="none" stroke="#667" stroke-width="${width.toFixed(1)}"${dash === "" ? "" : ` stroke-dasharray="${dash}"`} marker-end="url(#a)"><title>${escape(said)}</title></path>`;
}

function box({ x, y }: { x: number; y: number }, label: string, kind: string, id: string): string {
  const short = label.length > MOST_LABEL ? `${label.slice(0, MOST_LABEL - 1)}…` : label;
  return `<g><title>${escape(id)}</title><rect x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="6" fill="${kind === "group" ? "#eef0fa" : "#fafbfc"}" stroke="#99a"/><text x="${x + 10}" y="${y + 15}" font-weight="600" fill="#1b1f26">${escape(short)}</text><text x="${x + 10}" y="${y + 29}" font-size="10.5" fill="#59616e">${escape(kind)}</text></g>`;
}

function legend(height: number): string {
  const y = height - 14;
  const item = (x: number, dash: string, words: string): string =>
    `<line x1="${x}" x2="${x + 30}" y1="${y - 4}" y2="${y - 4}" stroke="#667" stroke-width="1.5"${dash === "" ? "" : ` stroke-dasharray="${dash}"`}/><text x="${x + 36}" y="${y}" font-size="11" fill="#59616e">${words}</text>`;
  return [item(20, "", "declared and seen"), item(180, "6 4", "declared only"), item(310, "1.5 4", "seen only")].join("");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** Longest path from the left, rings cut where they close; then each layer is ordered by the middle of its neighbours. */
function layers(
  ids: readonly string[],
  edges: readonly { readonly from: string; readonly to: string }[],
): Map<string, { x: number; y: number }> {
  const known = new Set(ids);
  const real = edges.filter(({ from, to }) => from !== to && known.has(from) && known.has(to));
  const out = Map.groupBy(real, ({ from }) => from);
  const rank = ranks(ids, out);
  const rows: string[][] = [];
  for (const id of ids) (rows[rank.get(id)!] ??= []).push(id);
  const neighbours = new Map<string, string[]>(ids.map((id) => [id, []]));
  for (const { from, to } of real) {
    neighbours.get(from)!.push(to);
    neighbours.get(to)!.push(from);
  }
  const at = new Map<string, number>();
  const settle = (): void => rows.forEach((row) => row.forEach((id, index) => at.set(id, index - row.length / 2)));
  settle();
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const row of rows) {
      const wish = new Map(
        row.map((id) => {
          const near = neighbours.get(id)!;
          return [id, near.length === 0 ? at.get(id)! : near.reduce((sum, one) => sum + at.get(one)!, 0) / near.length];
        }),
      );
      row.sort((a, b) => wish.get(a)! - wish.get(b)! || (a < b ? -1 : 1));
    }
    settle();
  }
  const tallest = Math.max(1, ...rows.map((row) => row.length));
  const places = new Map<string, { x: number; y: number }>();
  rows.forEach((row, column) => {
    const top = BOX.margin + ((tallest - row.length) * (BOX.height + BOX.gapY)) / 2;
    row.forEach((id, index) =>
      places.set(id, { x: BOX.margin + column * (BOX.width + BOX.gapX), y: Math.round(top + index * (BOX.height + BOX.gapY)) }),
    );
  });
  return places;
}

function ranks(ids: readonly string[], out: ReadonlyMap<string, readonly { readonly to: string }[]>): Map<string, number> {
  const rank = new Map(ids.map((id) => [id, 0]));
  const state = new Map<string, "open" | "done">();
  const order: string[] = [];
  const kept = new Map<string, string[]>();
  for (const start of ids) {
    if (state.has(start)) continue;
    const stack = [{ id: start, next: 0 }];
    state.set(start, "open");
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const to = out.get(top.id)?.[top.next++]?.to;
      if (to === undefined) {
        state.set(top.id, "done");
        order.push(top.id);
        stack.pop();
        continue;
      }
      if (state.get(to) === "open") continue;
      kept.set(top.id, [...(kept.get(top.id) ?? []), to]);
      if (!state.has(to)) {
        state.set(to, "open");
        stack.push({ id: to, next: 0 });
      }
    }
  }
  for (const id of order.reverse()) for (const to of kept.get(id) ?? []) rank.set(to, Math.max(rank.get(to)!, rank.get(id)! + 1));
  // Empty columns cannot come about: every rank has one before it.
  return rank;
}
