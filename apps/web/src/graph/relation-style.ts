import { relationWords } from "../ui/entity-kind.ts";

/** How a relation is drawn: colour and stroke both tell it, never colour alone. */
export interface RelationStyle {
  readonly label: string;
  readonly color: string;
  readonly dash: string;
  readonly width: number;
}

const STYLES: Readonly<Record<string, Omit<RelationStyle, "label">>> = {
  dependsOn: { color: "var(--rb-series-1)", dash: "", width: 1.5 },
  consumesApi: { color: "var(--rb-series-2)", dash: "6 4", width: 1.5 },
  providesApi: { color: "var(--rb-series-3)", dash: "2 3", width: 1.5 },
  partOf: { color: "var(--rb-border-strong)", dash: "", width: 1 },
  relations: { color: "var(--rb-dim)", dash: "", width: 1.2 },
  ownedBy: { color: "var(--rb-border-strong)", dash: "1 4", width: 1 },
};

export function styleOfRelation(type: string): RelationStyle {
  return { label: relationWords(type), ...(STYLES[type] ?? { color: "var(--rb-dim)", dash: "8 3 2 3", width: 1 }) };
}
