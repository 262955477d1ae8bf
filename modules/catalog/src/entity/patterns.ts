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
export function isApiVersion(text: string): boolean {
  const slash = text.indexOf("/");
  return (slash < 0 || isDnsSubdomain(text.slice(0, slash))) && API_VERSION.test(text.slice(slash + 1));
}

/** The key of a label or annotation: an object name, with or without a DNS name before a slash. */
export function isMetadataKey(text: string): boolean {
  const slash = text.indexOf("/");
  return (slash < 0 || isDnsSubdomain(text.slice(0, slash))) && isObjectName(text.slice(slash + 1));
}

function isDnsSubdomain(text: string): boolean {
  return text.length > 0 && text.length <= 253 && text.split(".").every(isNamespace);
}
