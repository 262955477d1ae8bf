export type Labels = Readonly<Record<string, string>>;

/** One value at one instant. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** A line: times in milliseconds, ascending. */
export interface Series {
  readonly labels: Labels;
  readonly times: readonly number[];
  readonly values: readonly number[];
}

const keys = new WeakMap<Labels, string>();

/** The same for equal labels. */
export function keyOf(labels: Labels): string {
  const known = keys.get(labels);
  if (known !== undefined) return known;
  const key = JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  keys.set(labels, key);
  return key;
}

export function only(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(names.flatMap((name) => (labels[name] === undefined ? [] : [[name, labels[name]]])));
}

export function without(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !names.includes(name)));
}

const unnamed = new WeakMap<Labels, Labels>();

/** Without the metric's name: the value is no longer that of the metric. */
export function dropName(labels: Labels): Labels {
  if (labels["__name__"] === undefined) return labels;
  const known = unnamed.get(labels);
  if (known !== undefined) return known;
  const made = without(labels, ["__name__"]);
  unnamed.set(labels, made);
  return made;
}
