/** The lexical rules of the Backstage descriptor format. Every test is linear in the length of the text. */

const OBJECT_NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const DNS_LABEL = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
const TAG = /^[a-z0-9+#]+(?:-[a-z0-9+#]+)*$/;
const API_VERSION = /^[a-zA-Z0-9]{1,63}$/;
const KIND = /^[a-zA-Z][a-zA-Z0-9]{0,62}$/;

export function isObjectName(text: string): boolean {
  return text.length <= 63 && OBJECT_NAME.test(text);
}

export function isNamespace(text: string): boolean {
  return text.length <= 63 && DNS_LABEL.test(text);
}

export function isKind(text: string): boolean {
  return KIND.test(text);
}

export function isTag(text: string): boolean {
  return text.length <= 63 && TAG.test(text);
}

/** `version` or `group/version`, the group being a DNS name. */
export const isApiVersion = remembered((text) => {
  const slash = text.indexOf("/");
  return (slash < 0 || isDnsSubdomain(text.slice(0, slash))) && API_VERSION.test(text.slice(slash + 1));
});

/** The key of a label or annotation: an object name, with or without a DNS name before a slash. */
export const isMetadataKey = remembered((text) => {
  const slash = text.indexOf("/");
  return (slash < 0 || isDnsSubdomain(text.slice(0, slash))) && isObjectName(text.slice(slash + 1));
});

function isDnsSubdomain(text: string): boolean {
  return text.length > 0 && text.length <= 253 && text.split(".").every(isNamespace);
}

const MAX_REMEMBERED = 5_000;

/** The same few keys stand in every document of an estate: what was decided of them is not decided again. */
function remembered(decide: (text: string) => boolean): (text: string) => boolean {
  const known = new Map<string, boolean>();
  return (text) => {
    let decided = known.get(text);
    if (decided !== undefined) return decided;
    decided = decide(text);
    if (known.size < MAX_REMEMBERED && text.length <= 320) known.set(text, decided);
    return decided;
  };
}
