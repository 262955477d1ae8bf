import type { Condition } from "../estate/filter.ts";

/**
 * Backstage's clients know Templates and no GoldenPaths. Where they ask for templates, they get both, and a GoldenPath says that it is a
 * Template: it is one that promises more, under the name that the scaffolder's routes know it by.
 */
const TEMPLATE = { apiVersion: "scaffolder.backstage.io/v1beta3", kind: "Template" } as const;

/** Adds golden paths wherever templates are asked for. */
export function withGoldenPaths(groups: readonly (readonly Condition[])[] | undefined): {
  readonly groups: readonly (readonly Condition[])[] | undefined;
  readonly templates: boolean;
} {
  let templates = false;
  const wide = groups?.map((group) =>
    group.map((condition) => {
      if (condition.key !== "kind" || !condition.values?.includes("template")) return condition;
      templates = true;
      return { ...condition, values: [...new Set([...condition.values, "goldenpath"])] };
    }),
  );
  return { groups: wide, templates };
}

/** The other reference under which a template may stand in the catalogue. */
export function goldenPathRef(ref: string): string | undefined {
  return /^template:/i.test(ref) ? ref.replace(/^template:/i, "goldenpath:") : undefined;
}

/** An entity's text as whoever asks for templates expects it. */
export function asTemplate(text: string): string {
  if (!text.includes('"GoldenPath"')) return text;
  const entity = JSON.parse(text) as { apiVersion?: unknown; kind?: unknown };
  if (entity.kind !== "GoldenPath") return text;
  return JSON.stringify({
    ...entity,
    ...(entity.apiVersion === undefined ? {} : { apiVersion: TEMPLATE.apiVersion }),
    kind: TEMPLATE.kind,
  });
}
