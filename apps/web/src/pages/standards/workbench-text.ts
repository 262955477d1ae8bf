/** Where a place of the text stands, from its line and column (both from 1); the end where there is no such line. */
export function offsetOf(text: string, line: number, column: number): number {
  const before = text.split("\n").slice(0, line - 1);
  return Math.min(text.length, before.reduce((sum, one) => sum + one.length + 1, 0) + column - 1);
}

/** What was pasted, as the server takes it: a Terraform plan, or manifests as YAML or JSON; nothing where nothing was pasted. */
export function readGiven(text: string): { readonly plan?: string; readonly manifests?: string } {
  if (text.trim() === "") return {};
  return isPlan(text) ? { plan: text } : { manifests: text };
}

function isPlan(text: string): boolean {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null && "format_version" in parsed;
  } catch {
    return false;
  }
}
