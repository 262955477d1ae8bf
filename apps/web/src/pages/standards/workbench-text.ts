/** Where a place of the text stands, from its line and column (both from 1); the end where there is no such line. */
export function offsetOf(text: string, line: number, column: number): number {
  const before = text.split("\n").slice(0, line - 1);
  return Math.min(text.length, before.reduce((sum, one) => sum + one.length + 1, 0) + column - 1);
}

/** The objects of a pasted manifest: one, or a list of them; none where nothing was pasted. `plan`: it is a Terraform plan. */
export function readManifest(text: string): {
  readonly objects: Record<string, unknown>[];
  readonly plan?: string;
  readonly problem?: string;
} {
  if (text.trim() === "") return { objects: [] };
  try {
    const parsed: unknown = JSON.parse(text);
    if (isObject(parsed) && "format_version" in parsed) return { objects: [], plan: text };
    const objects = Array.isArray(parsed) ? parsed : [parsed];
    if (objects.every(isObject)) return { objects };
    return { objects: [], problem: "It must be an object, or a list of objects." };
  } catch (error) {
    return { objects: [], problem: `It is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
