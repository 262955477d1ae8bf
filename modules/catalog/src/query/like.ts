/** Whether a text contains the pattern, where `%` stands for any text and `_` for any character, as in SQL. Case counts. */
export function makeContains(pattern: string): (text: string) => boolean {
  if (!/[%_]/.test(pattern)) return (text) => text.includes(pattern);
  const like = `%${pattern}%`;
  return (text) => isLike(text, like);
}

/** In time text × pattern at worst: no pattern can keep the server busy. */
function isLike(text: string, pattern: string): boolean {
  let [at, spot, star, mark] = [0, 0, -1, 0];
  while (at < text.length) {
    if (spot < pattern.length && pattern[spot] === "%") {
      star = spot++;
      mark = at;
    } else if (spot < pattern.length && (pattern[spot] === "_" || pattern[spot] === text[at])) {
      spot++;
      at++;
    } else if (star >= 0) {
      spot = star + 1;
      at = ++mark;
    } else return false;
  }
  while (pattern[spot] === "%") spot++;
  return spot === pattern.length;
}
