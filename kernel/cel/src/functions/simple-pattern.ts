/** Longest text that the platform's own regular expressions are trusted with. */
const TEXT_LIMIT = 1_000;

/**
 * The pattern as a regular expression of the platform, where that is provably as good as RE2: the same meaning, and no more than
 * quadratic in a short text. Ten times as fast, and policies ask little else: prefixes, digests, lists of words.
 * Undefined for everything that repeats a group, or repeats more than one thing without end, or that the two dialects read
 * differently (classes by name, look-around, back references, `\s`, a dot).
 */
export function simplePattern(pattern: string): { test(text: string): boolean | undefined } | undefined {
  const ignoresCase = pattern.startsWith("(?i)");
  const body = ignoresCase ? pattern.slice(4) : pattern;
  if (!isSimple(body)) return undefined;
  try {
    const compiled = new RegExp(body, ignoresCase ? "iu" : "u");
    return { test: (text) => (text.length > TEXT_LIMIT ? undefined : compiled.test(text)) };
  } catch {
    return undefined;
  }
}

const TOKEN =
  /(?<open>\((?:\?:)?(?!\?))|(?<close>\))|(?<or>\|)|(?<atom>\[\^?(?:[A-Za-z0-9 _:/@=,~.+*$()-]|\\[./+*$()[\]-])+\]|\\[./+*$()[\]?^{}|d]|[A-Za-z0-9 _:/@=,~!#%&;'"<>-])|(?<anchor>[\^$])|(?<repeat>[*+?]|\{\d{1,3}(?:,\d{0,3})?\})/y;

function isSimple(pattern: string): boolean {
  let [endless, optional, choices] = [0, 0, 0];
  let before: "atom" | "other" | "group" = "other";
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < pattern.length) {
    const groups = TOKEN.exec(pattern)?.groups;
    if (groups === undefined) return false;
    if (groups["repeat"] === undefined) {
      if (groups["or"] !== undefined) choices++;
      before = groups["atom"] === undefined ? (groups["close"] === undefined ? "other" : "group") : "atom";
      continue;
    }
    const { least, most } = boundsOf(groups["repeat"]);
    // A group may be there or not; more than that multiplies.
    if (before !== "atom" && !(before === "group" && most === 1)) return false;
    if (most === Number.POSITIVE_INFINITY) endless++;
    else if (most !== least) optional += Math.ceil(Math.log2(most - least + 1));
    if (most !== Number.POSITIVE_INFINITY && most > 128) return false;
    before = "other";
  }
  return endless <= 1 && optional <= 5 && choices <= 24;
}

function boundsOf(repeat: string): { least: number; most: number } {
  if (repeat === "?") return { least: 0, most: 1 };
  if (repeat === "*" || repeat === "+") return { least: repeat === "*" ? 0 : 1, most: Number.POSITIVE_INFINITY };
  const [least = "", most] = repeat.slice(1, -1).split(",");
  if (most === undefined) return { least: Number(least), most: Number(least) };
  return { least: Number(least), most: most === "" ? Number.POSITIVE_INFINITY : Number(most) };
}
