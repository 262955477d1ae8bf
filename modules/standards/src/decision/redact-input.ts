import type { Resource } from "@roadbed/contracts/standards";

/** What stands where a secret was. */
const REMOVED = "(sensitive)";

/**
 * A copy without what is secret: what the resource itself says is sensitive, the contents of Kubernetes' Secrets, values under names
 * that secrets have, credentials in addresses and private keys. `redacted`: something was taken out.
 */
export function redactInput(resources: readonly Resource[]): { readonly resources: Resource[]; readonly redacted: boolean } {
  let redacted = false;
  const take = (): string => {
    redacted = true;
    return REMOVED;
  };
  return { resources: resources.map(clean), redacted: redacted };

  function clean(resource: Resource): Resource {
    const copy = structuredClone(resource);
    for (const way of resource.sensitive ?? []) takeOut(copy, way);
    return {
      ...copy,
      object: walk(copy.object, isSecret(copy.object)) as Resource["object"],
      ...(copy.oldObject === undefined ? {} : { oldObject: walk(copy.oldObject, isSecret(copy.oldObject)) as Resource["object"] }),
    };
  }

  function takeOut(root: unknown, way: readonly (string | number)[]): void {
    let holder = root;
    for (const step of way.slice(0, -1)) holder = isHolder(holder) && Object.hasOwn(holder, step) ? holder[step] : undefined;
    const last = way.at(-1);
    if (last !== undefined && isHolder(holder) && Object.hasOwn(holder, last)) holder[last] = take();
  }

  /** `contents`: of a Secret. */
  function walk(value: unknown, contents: boolean): unknown {
    if (typeof value === "string")
      return SECRET_TEXT.test(value) ? (take(), value.replaceAll(CREDENTIALS, `$1${REMOVED}@`).replaceAll(KEY, REMOVED)) : value;
    if (Array.isArray(value)) return value.map((one) => walk(one, contents));
    if (!isHolder(value)) return value;
    const named = typeof value["name"] === "string" && isSecretName(value["name"]);
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => {
        const secret = (contents && (key === "data" || key === "stringData")) || (named && key === "value") || isSecretName(key);
        return [key, secret ? blank(inner) : walk(inner, contents)];
      }),
    );
  }

  /** The shape stays, so that rules that ask whether something is there answer as before. */
  function blank(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(blank);
    if (isHolder(value))
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, isReference(key) ? inner : blank(inner)]));
    return typeof value === "string" && value !== "" && value !== REMOVED ? take() : value;
  }
}

const CREDENTIALS = /(:\/\/)[^/\s:@]+:[^/\s@]+@/g;
const KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;
const SECRET_TEXT = /:\/\/[^/\s:@]+:[^/\s@]+@|-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** `DB_PASSWORD`, `apiKey`, `auth-token`; not `secretName`, `tokenReview` or `secretKeyRef`, which only name one. */
function isSecretName(name: string): boolean {
  return /(?:^|[_.-]|[a-z](?=[A-Z]))(?:password|passwd|passphrase|secret|token|credentials?|api[_-]?key|private[_-]?key|access[_-]?key)$/i.test(
    name,
  );
}

function isReference(key: string): boolean {
  return key === "name" || key === "key" || key.endsWith("Ref") || key.endsWith("Name");
}

function isSecret(object: Readonly<Record<string, unknown>>): boolean {
  return object["kind"] === "Secret";
}

function isHolder(value: unknown): value is Record<string | number, unknown> {
  return typeof value === "object" && value !== null;
}
