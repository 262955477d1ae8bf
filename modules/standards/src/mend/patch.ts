import type { MendPatch } from "@roadbed/contracts/standards/scorecard-document";
import { ConflictError, InvalidError } from "@roadbed/core";
import { isMap, parseAllDocuments, type Document } from "yaml";

/** A file as it is, and as the mend makes it. */
export interface PatchedFile {
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string;
}

/** What templates may name: `{{ entity.metadata.name }}`. */
export type Names = Readonly<Record<string, unknown>>;

export interface PatchPlace {
  /** The folder of the descriptor, "" at the root: paths are from there, those that begin with `/` from the root. */
  readonly dir: string;
  /** The path of the descriptor from the root. */
  readonly descriptor: string;
  /** Where the repository is: some files are of one host only. */
  readonly system: string;
  read(path: string): Promise<string | undefined>;
}

const MOST_BYTES = 256 * 1024;

/** The values that are given, with the defaults; throws `InvalidError` where one is missing, or is none of those to choose from. */
export function valuesOf(patch: MendPatch, given: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const { name, title, default: usual, options } of patch.values) {
    const value = given[name]?.trim() || usual;
    if (value === undefined) throw wrong(name, `is needed: ${title}`, `Give values.${name}.`);
    if (options.length > 0 && !options.includes(value)) throw wrong(name, `is "${value}"`, `Choose one of ${options.join(", ")}.`);
    values[name] = value;
  }
  return values;
}

/** What a mend makes of a repository. Files that are as they should be already are not in it. */
export async function applyPatch(patch: MendPatch, names: Names, place: PatchPlace): Promise<readonly PatchedFile[]> {
  const files = new Map<string, PatchedFile>();
  for (const step of patch.files) {
    if (step.at !== undefined && step.at !== place.system) continue;
    const path = pathOf(
      "set" in step && step.set === "catalog-info" ? `/${place.descriptor}` : fill("create" in step ? step.create : step.set, names),
      place.dir,
    );
    const known = files.get(path);
    const before = known === undefined ? await place.read(path) : known.before;
    const now = known?.after ?? before;
    const after =
      "create" in step ? created(path, now, fill(step.content, names)) : changed(path, now, step.key, filled(step.value, names), names);
    if (after.length > MOST_BYTES) throw new InvalidError(`${path} would be larger than ${MOST_BYTES} bytes.`);
    if (after !== before) files.set(path, { path, before, after });
  }
  if (files.size === 0)
    throw new ConflictError("Nothing has to be changed: the files are as the mend would make them.", {
      mend: "Look at the rule again in a moment.",
    });
  return [...files.values()];
}

function pathOf(path: string, dir: string): string {
  const whole = path.startsWith("/") || dir === "" ? path.replace(/^\/+/, "") : `${dir}/${path}`;
  if (whole === "" || whole.split("/").some((part) => part === ".." || part === "." || part === "" || part === ".git"))
    throw new InvalidError(`The mend names the path "${path}", which leaves the repository.`);
  return whole;
}

function created(path: string, now: string | undefined, content: string): string {
  if (now !== undefined && now.trim() !== "") throw new ConflictError(`${path} is there already.`, { mend: "Change it by hand." });
  return content.endsWith("\n") ? content : `${content}\n`;
}

/** Sets one key of a JSON or YAML file; what stands around it stays as it is written. */
function changed(path: string, now: string | undefined, key: string, value: unknown, names: Names): string {
  const way = wayOf(fill(key, names));
  if (now === undefined) throw new ConflictError(`There is no ${path}.`, { mend: "Add it by hand." });
  return path.endsWith(".json") ? setInJson(path, now, way, value) : setInYaml(path, now, way, value, names);
}

/** `a.b["c.d/e"]`. */
function wayOf(key: string): string[] {
  return [...key.matchAll(/\["([^"]+)"\]|([^.[\]]+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
}

function setInJson(path: string, text: string, way: readonly string[], value: unknown): string {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw new ConflictError(`${path} is no JSON.`, { mend: "Correct it by hand first." });
  }
  let holder = data as Record<string, unknown>;
  for (const [at, part] of way.entries()) {
    if (typeof holder !== "object" || holder === null || Array.isArray(holder))
      throw new ConflictError(`${path} has no object at ${way.slice(0, at).join(".") || "its root"}.`, { mend: "Change it by hand." });
    if (at === way.length - 1) holder[part] = value;
    else holder = (holder[part] ??= {}) as Record<string, unknown>;
  }
  const indent = /^([ \t]+)"/m.exec(text)?.[1] ?? "  ";
  return `${JSON.stringify(data, null, indent)}${text.endsWith("\n") ? "\n" : ""}`;
}

/** Of several documents in a file it is the one about the entity; the others keep every byte. */
function setInYaml(path: string, text: string, way: readonly string[], value: unknown, names: Names): string {
  const documents = parseAllDocuments(text, { logLevel: "silent" }) as Document.Parsed[];
  const document = documents.length > 1 ? documents.find((one) => isAbout(one, names)) : documents[0];
  if (document === undefined || document.errors.length > 0 || !isMap(document.contents))
    throw new ConflictError(`${path} cannot be changed: ${document === undefined ? "the entity is not in it" : "it is no YAML object"}.`, {
      mend: "Change it by hand.",
    });
  document.setIn(way, value);
  const [start, , end] = document.range;
  const written = document.toString({ lineWidth: 0, flowCollectionPadding: !/\{\S/.test(text) });
  if (documents.length === 1) return written;
  return `${text.slice(0, start)}${written.replace(/^---\n/, text.slice(start).startsWith("---") ? "---\n" : "")}${text.slice(end)}`;
}

function isAbout(document: Document, names: Names): boolean {
  const { kind, metadata } = (names["entity"] ?? {}) as { kind?: string; metadata?: { name?: string } };
  return document.getIn(["kind"]) === kind && document.getIn(["metadata", "name"]) === metadata?.name;
}

function filled(value: unknown, names: Names): unknown {
  return typeof value === "string" ? fill(value, names) : value;
}

const HOLE = /\{\{\s*([A-Za-z_][\w.-]*)\s*\}\}/g;

/** Fills in what is between `{{` and `}}`. Throws `InvalidError` for what is not there: half a file mends nothing. */
export function fill(template: string, names: Names): string {
  return template.replaceAll(HOLE, (_, way: string) => {
    const value = way
      .split(".")
      .reduce<unknown>((holder, part) => (typeof holder === "object" && holder !== null ? (holder as Names)[part] : undefined), names);
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return String(value);
    throw wrong(way, "is not known of it, and the mend needs it", "Say it in the catalogue first, or make the change by hand.");
  });
}

function wrong(at: string, reason: string, mend: string): InvalidError {
  return new InvalidError(`${at} ${reason}.`, { mend, problems: [{ at, reason, mend }] });
}
