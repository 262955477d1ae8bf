/** Whether a path fits one of the patterns. `**` crosses folders, `*` and `?` do not; dot files are like others; `!` takes out again. */
export function matchesAny(path: string, patterns: readonly string[]): boolean {
  const yes = patterns.filter((pattern) => !pattern.startsWith("!"));
  const no = patterns.filter((pattern) => pattern.startsWith("!")).map((pattern) => pattern.slice(1));
  return yes.some((pattern) => matches(path, pattern)) && !no.some((pattern) => matches(path, pattern));
}

/** A pattern without wildcards names a file or a whole folder. */
function matches(path: string, given: string): boolean {
  const pattern = given.replace(/^\.\//, "").replace(/\/$/, "/**");
  if (!/[*?[{]/.test(pattern)) return path === pattern || path.startsWith(`${pattern}/`);
  return expandBraces(pattern).some((one) => matchParts(path.split("/"), one.split("/")));
}

function matchParts(path: readonly string[], pattern: readonly string[]): boolean {
  const [wanted, ...restOfPattern] = pattern;
  if (wanted === undefined) return path.length === 0;
  if (wanted === "**") return matchParts(path, restOfPattern) || (path.length > 0 && matchParts(path.slice(1), pattern));
  const [name, ...restOfPath] = path;
  return name !== undefined && matchName(name, wanted) && matchParts(restOfPath, restOfPattern);
}

/** Greedy with one step back, so that no pattern takes more than length × length steps. */
function matchName(name: string, pattern: string): boolean {
  let [n, p, star, mark] = [0, 0, -1, 0];
  while (n < name.length) {
    if (pattern[p] === "*") [star, mark, p] = [p, n, p + 1];
    else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === name[n])) [n, p] = [n + 1, p + 1];
    else if (star >= 0) [mark, n, p] = [mark + 1, mark + 1, star + 1];
    else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}

function expandBraces(pattern: string): string[] {
  const [, before, choices, after] = /^(.*?)\{([^{}]*)\}(.*)$/.exec(pattern) ?? [];
  if (before === undefined || choices === undefined || after === undefined) return [pattern];
  return choices
    .split(",")
    .slice(0, 50)
    .flatMap((choice) => expandBraces(`${before}${choice}${after}`).slice(0, 500));
}
