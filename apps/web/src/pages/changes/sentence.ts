/** A change of an entity, as history tells it. */
interface Change {
  readonly change: "registered" | "changed" | "removed";
  readonly fields: readonly string[];
  readonly source: string;
}

const NAMED = 4;

/** "changed owner and lifecycle": what was done, after the name of who did it. */
export function sentenceOf({ change, fields, source }: Change): string {
  if (change === "registered") return `registered it from “${source}”`;
  if (change === "removed") return "removed it";
  if (fields.length === 0) return `took it over into “${source}”`;
  return `changed ${listed(fields.map(nameOfField))}`;
}

/** `spec.owner` → "owner"; annotations and labels keep what they are. */
export function nameOfField(field: string): string {
  const plain = field.replace(/^(?:spec|metadata)\./, "");
  return plain === "dependsOn" ? "what it depends on" : plain;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, NAMED);
  const more = names.length - shown.length;
  if (more > 0) return `${shown.join(", ")} and ${more} more`;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)!}`;
}

/** With a capital letter. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
