/** The candidate most like what was typed, for "did you mean"; undefined when none is near. */
export function nearest(typed: string, candidates: readonly string[]): string | undefined {
  const wanted = fold(typed);
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: distanceOf(wanted, candidate) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= Math.max(2, Math.floor(wanted.length / 3)) ? best.candidate : undefined;
}

/** Both against the whole reference and against its last part, since people type either. */
function distanceOf(wanted: string, candidate: string): number {
  const whole = fold(candidate);
  const last = whole.slice(Math.max(whole.lastIndexOf("/"), whole.lastIndexOf(":")) + 1);
  const short = wanted.slice(Math.max(wanted.lastIndexOf("/"), wanted.lastIndexOf(":")) + 1);
  if (short.length >= 3 && (last.startsWith(short) || last.includes(short))) return 1;
  return Math.min(editDistance(wanted, whole), editDistance(short, last));
}

function fold(text: string): string {
  return text.slice(0, 100).toLowerCase();
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
