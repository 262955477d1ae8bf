/** What is taken out of texts before they are stored, and what stands there instead. Each expression takes linear time. */
const RULES: readonly { readonly what: string; readonly at: RegExp }[] = [
  { what: "private key", at: /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]{0,8000}(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?/g },
  { what: "token", at: /\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/g },
  { what: "key", at: /\b(?:sk|pk|rk)-(?:[A-Za-z0-9]+-)?[A-Za-z0-9_-]{16,}/g },
  { what: "key", at: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g },
  {
    what: "token",
    at: /\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|xox[abprs]-[A-Za-z0-9-]{10,})/g,
  },
  { what: "key", at: /\bAIza[A-Za-z0-9_-]{30,}/g },
  { what: "token", at: /\b[Bb]earer +[A-Za-z0-9._~+/-]{16,}=*/g },
  { what: "secret", at: /(?<=(?:password|passwd|secret|api[_-]?key)["']?\s{0,3}[:=]\s{0,3}["']?)[^\s"',;&}]{6,200}/gi },
  { what: "e-mail address", at: /[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9-]{1,63}){1,8}/g },
];

/** Something of each rule: nearly all texts have none of it, and are looked through once instead of nine times. */
const HINT = /@|eyJ|[spr]k-|AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox|AIza|PRIVATE KEY|[Bb]earer|passw|secret|api[_-]?key/i;

/** The text without e-mail addresses and secrets; `[e-mail address]` and the like stand in their place. */
export function redact(text: string): string {
  if (text.length < SHORTEST || !HINT.test(text)) return text;
  return RULES.reduce((rest, { what, at }) => rest.replace(at, `[${what}]`), text);
}

/** Names of what is a secret whatever it looks like. */
const SECRET_NAME = /(?:^|[._-])(?:password|passwd|secret|api[_-]?key|(?:access|auth|refresh)[_-]?token|authorization|cookie)$/i;

/** The value of an attribute as it may be stored. */
export function redactValue(key: string, value: string): string {
  return SECRET_NAME.test(key) && value !== "" ? "[secret]" : redact(value);
}

/** Whether a text may hold something that has to go: cheaper than looking for it. */
export function mayHoldSecrets(text: string): boolean {
  return HINT.test(text) || HINT_NAME.test(text);
}

const HINT_NAME = /token|authorization|cookie/i;

/** `a@b.c` */
const SHORTEST = 5;
