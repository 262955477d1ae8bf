/** Keeps secrets out of what people read. */
export interface Redactor {
  /** Adds texts that were made out of secrets. */
  add(derived: readonly string[]): void;
  /** A text that holds a secret becomes `***` as a whole: what stands around it could give it away. */
  text(text: string): string;
  /** The same for every string inside a value. */
  value<T>(value: T): T;
}

const HIDDEN = "***";
/** Shorter ones are hidden only where they are the whole text, or nothing could be read any more. */
const SHORTEST_INSIDE = 4;

export function createRedactor(secrets: readonly string[]): Redactor {
  const whole = new Set<string>();
  const inside = new Set<string>();
  add(secrets);

  function add(texts: readonly string[]): void {
    for (const text of texts.flatMap((given) => [given, ...given.split(/\r?\n/)])) {
      if (text.trim() === "") continue;
      whole.add(text);
      if (text.trim().length < SHORTEST_INSIDE) continue;
      for (const form of formsOf(text.trim())) inside.add(form);
    }
  }

  function redactText(text: string): string {
    return whole.has(text) || [...inside].some((secret) => text.includes(secret)) ? HIDDEN : text;
  }

  function redactValue(value: unknown): unknown {
    if (typeof value === "string") return redactText(value);
    if (Array.isArray(value)) return value.map(redactValue);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [redactText(key), redactValue(item)]));
  }

  return { add, text: redactText, value: (value) => redactValue(value) as never };
}

/** How a secret is likely to look after somebody has passed it on. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const coded = [bytes.toString("base64"), bytes.toString("base64").replace(/=+$/, ""), bytes.toString("base64url"), bytes.toString("hex")];
  return [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), secret.toUpperCase(), secret.toLowerCase(), ...coded];
}
