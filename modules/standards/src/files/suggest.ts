import type { FileFinding } from "@roadbed/contracts/standards/files";

import type { Definitions, Way } from "./locate.ts";
import type { Manifest } from "./read-manifests.ts";

/** One line of the file, as it has to be. */
export interface Suggestion {
  readonly line: number;
  readonly text: string;
}

/** The finding's rule asked again about the resource as it would be. */
export type StillFinds = (object: Readonly<Record<string, unknown>>) => Promise<boolean>;

type Value = string | number | boolean;

/** Asked again about so many values: each is an evaluation. */
const MOST_TRIES = 6;
const MOST_FIELDS = 60;
const MOST_DEEP = 4;

/**
 * The one value that would mend a finding, as a line that takes the place of the one that is there. Fields at or below the place of the
 * finding that its rule or its mend names are tried with the other truth, and with what these name of the same sort; only what the
 * policies then find nothing wrong with is suggested. A guess is never shown.
 */
export async function suggest(
  { expression, mend }: Pick<FileFinding, "expression" | "mend">,
  o: { readonly manifest: Manifest; readonly way: Way; readonly definitions: Definitions; readonly stillFinds: StillFinds },
): Promise<Suggestion | undefined> {
  const { manifest, stillFinds } = o;
  if (manifest.environment !== undefined || !manifest.lineWith) return undefined;
  const said = [expression, ...o.definitions.values()].join("\n");
  let tries = 0;
  for (const way of fieldsAt(manifest.object, o.way)) {
    const key = String(way.at(-1));
    if (!new RegExp(`\\b${key.replaceAll(/[^\w-]/g, ".")}\\b`).test(`${said}\n${mend}`)) continue;
    for (const value of candidates(valueAt(manifest.object, way) as Value, { key, expression, mend })) {
      const line = manifest.lineWith(way, value);
      if (!line || ++tries > MOST_TRIES) break;
      if (!(await stillFinds(withValue(manifest.object, way, value)))) return line;
    }
  }
  return undefined;
}

/** The field itself, or those below it that hold one value. */
function fieldsAt(object: unknown, way: Way): readonly Way[] {
  const found: Way[] = [];
  const visit = (value: unknown, at: Way, depth: number): void => {
    if (found.length >= MOST_FIELDS) return;
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      if (at.length > 0) found.push(at);
    } else if (typeof value === "object" && value !== null && depth < MOST_DEEP) {
      for (const [key, inner] of Object.entries(value)) visit(inner, [...at, Array.isArray(value) ? Number(key) : key], depth + 1);
    }
  };
  visit(valueAt(object, way), way, 0);
  return found;
}

/** What the mend says of the field, the other truth, and what the rule itself names of the same sort. */
function candidates(
  now: Value,
  { key, expression, mend }: { readonly key: string; readonly expression: string; readonly mend: string },
): readonly Value[] {
  const [, meant] = new RegExp(`\\b${key.replaceAll(/[^\w-]/g, ".")}: ["']?([\\w./-]+)`).exec(mend) ?? [];
  if (typeof now === "boolean") return [!now];
  if (typeof now === "number") {
    const named = [meant, ...[...expression.matchAll(/(?<![\w.])\d+(?:\.\d+)?(?![\w.])/g)].map(([text]) => text)];
    return named.flatMap((text) => (text === undefined || Number.isNaN(Number(text)) || Number(text) === now ? [] : [Number(text)]));
  }
  const named = [
    meant,
    ...[...expression.matchAll(/"([^"\\\n]{1,100})"|'([^'\\\n]{1,100})'/g)].map(([, double, single]) => double ?? single),
  ];
  return named.filter((text) => text !== undefined && text !== now && /^[\w./:-]+$/.test(text)) as string[];
}

function valueAt(object: unknown, way: Way): unknown {
  return way.reduce<unknown>(
    (holder, part) => (typeof holder === "object" && holder !== null ? (holder as Record<string | number, unknown>)[part] : undefined),
    object,
  );
}

function withValue(object: Readonly<Record<string, unknown>>, way: Way, value: Value): Readonly<Record<string, unknown>> {
  const copy = structuredClone(object) as Record<string | number, unknown>;
  let holder = copy;
  for (const part of way.slice(0, -1)) holder = holder[part] as Record<string | number, unknown>;
  holder[way.at(-1)!] = value;
  return copy;
}
