import type { WidgetProps } from "./Field.tsx";

/** The props that all inputs of the design system share. */
export function common({ label, description, error, required, onBlur }: WidgetProps) {
  return { label, description, error, required, onBlur, size: "sm" as const };
}

/** What an input shows of a value. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);
}
