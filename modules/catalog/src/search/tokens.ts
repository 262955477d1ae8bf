/** Text without case and accents, one space between words. */
export function normalise(text: string): string {
  const plain = ASCII.test(text) ? text : text.normalize("NFKD").replaceAll(/\p{Mark}/gu, "");
  return plain.toLowerCase().replaceAll(/\s+/g, " ").trim();
}

// eslint-disable-next-line no-control-regex
const ASCII = /^[\x00-\x7f]*$/;
const MAX_TOKEN = 64;

/**
 * The words of a text as they are looked up: `PaymentGateway` and `payment-gateway` both give payment and gateway. Scripts without
 * spaces give every two letters that stand together.
 */
export function tokens(text: string): string[] {
  const found: string[] = [];
  for (const word of normalise(splitCamel(text)).match(/[\p{Letter}\p{Number}]+/gu) ?? []) {
    if (WITHOUT_SPACES.test(word)) pairs(word, found);
    else found.push(word.slice(0, MAX_TOKEN));
  }
  return found;
}

const WITHOUT_SPACES = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

function splitCamel(text: string): string {
  return /[a-z][A-Z]/.test(text) ? text.replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2") : text;
}

function pairs(word: string, into: string[]): void {
  const letters = Array.from(word);
  if (letters.length === 1) into.push(word);
  for (let at = 0; at + 1 < letters.length; at++) into.push(letters[at]! + letters[at + 1]!);
}

/** Whether `a` becomes `b` by at most `limit` single changes: a letter more, fewer or other, or two neighbours swapped. */
export function isNear(a: string, b: string, limit: number): boolean {
  if (Math.abs(a.length - b.length) > limit) return false;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let best = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, before[j - 2]! + 1);
      row.push(cost);
      best = Math.min(best, cost);
    }
    if (best > limit) return false;
    before = last;
    last = row;
  }
  return last[b.length]! <= limit;
}
