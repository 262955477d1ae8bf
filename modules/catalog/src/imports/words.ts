/** What the formats of other portals have in common: their words turned into ours. */

export type Record_ = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Record_ {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A text, or a number or truth value as one; undefined for anything else and for nothing. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null || value === "" ? [] : [value];
}

/** The nearest name that is allowed: what people write has blanks, umlauts and slashes. Undefined when nothing of it can be kept. */
export function nameOf(value: unknown): string | undefined {
  const name = (textOf(value) ?? "")
    .normalize("NFKD")
    .replaceAll(/\p{Mark}/gu, "")
    .replaceAll(/[^-\w.]+/g, "-")
    .slice(0, 63)
    .replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "");
  return name === "" ? undefined : name;
}

/** Words as tags; what cannot be one is left out. */
export function tagsOf(value: unknown): string[] {
  const words = typeof value === "string" ? value.split(/[,;|]/) : listOf(value);
  const tags = words.map((word) =>
    (textOf(word) ?? "")
      .toLowerCase()
      .replaceAll(/[^a-z0-9+#]+/g, "-")
      .slice(0, 63)
      .replaceAll(/^-|-$/g, ""),
  );
  return [...new Set(tags.filter(Boolean))];
}

/** The way other portals name an owner, as a reference: an address of mail is a person, all else a team. */
export function ownerOf(value: unknown): string | undefined {
  const text = textOf(value);
  if (text === undefined) return undefined;
  if (/^(?:group|user):[^\s]+$/i.test(text)) return text;
  if (text.includes("@")) return `user:${nameOf(text.split("@")[0]) ?? "unknown"}`;
  return nameOf(text);
}

/** Left out where there is nothing: `{ ...given("title", title) }`. */
export function given<T>(key: string, value: T | undefined): Record<string, T> {
  const isEmpty =
    value === undefined || (Array.isArray(value) && value.length === 0) || (isObject(value) && Object.keys(value).length === 0);
  return isEmpty ? {} : { [key]: value };
}

/** The part of `https://github.com/acme/orders.git` that Backstage's annotations name, with the annotation. */
export function repositoryAnnotation(address: unknown): Record<string, string> {
  const plain = (textOf(address) ?? "").replace(/\/+$/, "").replace(/\.git$/i, "");
  const [, host = "", slug] = /^(?:https?:\/\/|ssh:\/\/)?(?:[^@/]+@)?([\w.-]+)[/:]([\w.-]+(?:\/[\w.-]+)+)$/i.exec(plain) ?? [];
  if (slug === undefined) return {};
  if (/github/i.test(host)) return { "github.com/project-slug": slug.split("/").slice(0, 2).join("/") };
  return /gitlab/i.test(host) ? { "gitlab.com/project-slug": slug } : {};
}

/** Links that are links. */
export function linksOf(value: unknown): { url: string; title?: string; type?: string }[] {
  return listOf(value)
    .filter(isObject)
    .flatMap(({ url, name, title, type, category }) => {
      const address = textOf(url);
      if (address === undefined || !URL.canParse(address)) return [];
      const [label, sort] = [textOf(title) ?? textOf(name), textOf(type) ?? textOf(category)];
      return [
        { url: address, ...(label === undefined ? {} : { title: label }), ...(sort === undefined ? {} : { type: sort.toLowerCase() }) },
      ];
    });
}

const LIFECYCLES: readonly (readonly [RegExp, string])[] = [
  [/^(?:active|live|production|prod|ga|generally.available|general.availability|released)$/i, "production"],
  [/^(?:pre.?release|beta|alpha|pre.?alpha|development|dev|experimental|in.development|preview)$/i, "experimental"],
  [/^(?:deprecated|end.of.life|eol|retired|sunset|decommissioned)$/i, "deprecated"],
];

/** Backstage's three words where one of them is meant, else the word itself. */
export function lifecycleOf(value: unknown): string | undefined {
  const text = textOf(value);
  return text === undefined ? undefined : (LIFECYCLES.find(([words]) => words.test(text))?.[1] ?? text);
}

export const API_VERSION = "backstage.io/v1alpha1";
/** What stands where another portal says nothing and ours asks: it can be filtered by, and so be mended. */
export const UNKNOWN = "unknown";
