import { exportGraph } from "@roadbed/contracts/catalog/graph";
import { handle, type Handler } from "@roadbed/core";

import type { Standpoints } from "../time/standpoints.ts";
import { drawSvg } from "./draw-svg.ts";
import { readView, type View } from "./view-graph.ts";

const FORMATS = {
  mermaid: { mediaType: "text/vnd.mermaid", extension: "mmd", write: writeMermaid },
  csv: { mediaType: "text/csv", extension: "csv", write: writeCsv },
  dot: { mediaType: "text/vnd.graphviz", extension: "dot", write: writeDot },
  svg: { mediaType: "image/svg+xml", extension: "svg", write: (picture: Picture) => drawSvg(picture) },
};

export function makeExportGraph(standpoints: Standpoints): Handler {
  return handle(exportGraph, async (ctx, { format, ...question }) => {
    const view = await readView(standpoints, ctx, question);
    const picture = pictureOf(view);
    const { mediaType, extension, write } = FORMATS[format];
    return {
      format,
      mediaType,
      fileName: `graph${question.ref === undefined ? "" : `-${question.ref.slice(question.ref.indexOf("/") + 1).replaceAll(/[^\w.-]/g, "-")}`}.${extension}`,
      text: write(picture),
      nodes: picture.nodes.length,
      edges: picture.edges.length,
      truncated: view.truncated,
    };
  });
}

/** What every format writes: boxes (entities and closed groups) and lines. */
export interface Picture {
  readonly nodes: readonly { readonly id: string; readonly label: string; readonly kind: string; readonly group: string | undefined }[];
  readonly edges: readonly PictureEdge[];
}

export interface PictureEdge {
  readonly from: string;
  readonly to: string;
  readonly type: string;
  readonly origins: readonly string[];
  readonly calls: number | undefined;
  readonly errors: number | undefined;
  readonly drift: string | undefined;
}

export function pictureOf({ nodes, groups, edges, bundles }: Pick<View, "nodes" | "groups" | "edges" | "bundles">): Picture {
  const closed = groups.filter(({ open }) => !open);
  return {
    nodes: [
      ...closed.map(({ key, label, count }) => ({ id: key, label: `${label} (${count})`, kind: "group", group: undefined })),
      ...nodes.map(({ ref, title, name, kind, group }) => ({ id: ref, label: title ?? name, kind, group })),
    ],
    edges: [
      ...edges.map(({ from, to, type, origins, traffic, drift }) => ({
        from,
        to,
        type,
        origins,
        calls: traffic?.calls,
        errors: traffic?.errors,
        drift,
      })),
      ...bundles.map(({ from, to, declared, observed, inferred, calls, errors, drift }) => ({
        from,
        to,
        type: `${Math.max(declared, observed, inferred)} relations`,
        origins: [...(declared > 0 ? ["declared"] : []), ...(observed > 0 ? ["observed"] : []), ...(inferred > 0 ? ["inferred"] : [])],
        calls: observed > 0 ? calls : undefined,
        errors: observed > 0 ? errors : undefined,
        drift: drift > 0 ? `${drift}` : undefined,
      })),
    ],
  };
}

/** A flowchart; declared edges are solid, those only observed or inferred are dotted. */
export function writeMermaid({ nodes, edges }: Picture): string {
  const ids = new Map(nodes.map(({ id }, at) => [id, `n${at}`]));
  const text = (label: string): string =>
    `"${label
      .replaceAll(/["\\]/g, "'")
      .replaceAll(/[\r\n]+/g, " ")
      .replaceAll("<", "&lt;")}"`;
  const shape = (kind: string, label: string): string =>
    kind === "group"
      ? `[[${text(label)}]]`
      : kind === "API"
        ? `([${text(label)}])`
        : kind === "Resource"
          ? `[(${text(label)})]`
          : `[${text(label)}]`;
  return [
    "flowchart LR",
    ...nodes.map(({ id, label, kind }) => `  ${ids.get(id)}${shape(kind, label)}`),
    ...edges.map(
      ({ from, to, type, origins }) => `  ${ids.get(from)} ${origins.includes("declared") ? "-->" : "-.->"}|${text(type)}| ${ids.get(to)}`,
    ),
    "",
  ].join("\n");
}

/** One row per relation. */
export function writeCsv({ nodes, edges }: Picture): string {
  const linked = new Set(edges.flatMap(({ from, to }) => [from, to]));
  const rows = [
    ["from", "type", "to", "origins", "calls_24h", "errors_24h", "drift"],
    ...edges.map(({ from, type, to, origins, calls, errors, drift }) => [from, type, to, origins.join(" "), calls, errors, drift]),
    // What has no relation is not lost.
    ...nodes.filter(({ id }) => !linked.has(id)).map(({ id }) => [id, "", "", "", undefined, undefined, undefined]),
  ];
  return rows.map((row) => row.map(csvCell).join(",")).join("\r\n") + "\r\n";
}

/** Quoted where needed; a text that a spreadsheet would take for a formula is marked as text. */
function csvCell(value: string | number | undefined): string {
  if (value === undefined) return "";
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function writeDot({ nodes, edges }: Picture): string {
  const text = (value: string): string =>
    `"${value
      .replaceAll("\\", "\\\\")
      .replaceAll('"', '\\"')
      .replaceAll(/[\r\n]+/g, " ")}"`;
  return [
    "digraph catalogue {",
    "  rankdir=LR;",
    "  node [shape=box, style=rounded];",
    ...nodes.map(({ id, label, kind }) => `  ${text(id)} [label=${text(label)}${kind === "group" ? ", shape=folder" : ""}];`),
    ...edges.map(
      ({ from, to, type, origins }) =>
        `  ${text(from)} -> ${text(to)} [label=${text(type)}${origins.includes("declared") ? "" : ", style=dashed"}];`,
    ),
    "}",
    "",
  ].join("\n");
}
