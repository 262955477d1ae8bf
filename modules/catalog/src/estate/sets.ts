/** Sorted lists of small numbers as sets. */

export function intersect(a: readonly number[], b: readonly number[]): number[] {
  if (a.length > b.length) return intersect(b, a);
  // Far shorter: looking each up is cheaper than walking through both.
  if (a.length * 16 < b.length) return a.filter((value) => has(b, value));
  const both: number[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const difference = a[i]! - b[j]!;
    if (difference === 0) both.push(a[i]!);
    if (difference <= 0) i++;
    if (difference >= 0) j++;
  }
  return both;
}

export function unite(lists: readonly (readonly number[])[]): readonly number[] {
  if (lists.length <= 1) return lists[0] ?? [];
  return [...new Set(lists.flat())].sort((a, b) => a - b);
}

export function has(sorted: readonly number[], value: number): boolean {
  return sorted[lowerBound(sorted, value)] === value;
}

export function insert(sorted: number[], value: number): void {
  const at = lowerBound(sorted, value);
  if (sorted[at] !== value) sorted.splice(at, 0, value);
}

export function remove(sorted: number[], value: number): void {
  const at = lowerBound(sorted, value);
  if (sorted[at] === value) sorted.splice(at, 1);
}

/** Where a number stands, or would stand. */
export function lowerBound(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
