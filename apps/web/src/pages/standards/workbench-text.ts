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
