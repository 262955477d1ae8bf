import { EvaluationError, type Environment } from "@marcbachmann/cel-js";

/** Kubernetes' `semver` library: versions of three numbers as semver.org orders them. */
export function registerSemver(environment: Environment): void {
  const add = (signature: string, run: (...args: any[]) => unknown): void => void environment.registerFunction(signature, run, SYNC);
  environment.registerType(TYPE, Semver);
  environment.registerOperator(`${TYPE} == ${TYPE}`, (a: Semver, b: Semver) => compare(a, b) === 0);
  add(`semver(string): ${TYPE}`, (text: string) => parseOrThrow(text, false));
  add(`semver(string, bool): ${TYPE}`, parseOrThrow);
  add("isSemver(string): bool", (text: string) => parse(text, false) !== undefined);
  add("isSemver(string, bool): bool", (text: string, lenient: boolean) => parse(text, lenient) !== undefined);
  add(`${TYPE}.major(): int`, ({ numbers }: Semver) => numbers[0]);
  add(`${TYPE}.minor(): int`, ({ numbers }: Semver) => numbers[1]);
  add(`${TYPE}.patch(): int`, ({ numbers }: Semver) => numbers[2]);
  add(`${TYPE}.compareTo(${TYPE}): int`, (a: Semver, b: Semver) => BigInt(compare(a, b)));
  add(`${TYPE}.isLessThan(${TYPE}): bool`, (a: Semver, b: Semver) => compare(a, b) < 0);
  add(`${TYPE}.isGreaterThan(${TYPE}): bool`, (a: Semver, b: Semver) => compare(a, b) > 0);
}

const SYNC = { async: false } as never;
const TYPE = "kubernetes.Semver";
const NUMBER = "(?:0|[1-9]\\d{0,18})";
const IDENTIFIERS = "[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*";
const SHAPE = new RegExp(`^(${NUMBER})\\.(${NUMBER})\\.(${NUMBER})(?:-(${IDENTIFIERS}))?(?:\\+${IDENTIFIERS})?$`);
/** Longest text that is read; the shape has no nested repetition over the same letters. */
const LIMIT = 256;

class Semver {
  readonly numbers: readonly [bigint, bigint, bigint];
  readonly pre: readonly string[];
  constructor(numbers: readonly [bigint, bigint, bigint], pre: readonly string[]) {
    this.numbers = numbers;
    this.pre = pre;
  }
}

/** `lenient`: a leading v, fewer than three numbers and leading zeros are put right first. */
function parse(text: string, lenient: boolean): Semver | undefined {
  if (text.length > LIMIT) return undefined;
  const match = SHAPE.exec(lenient ? normalize(text) : text);
  if (!match) return undefined;
  const pre = match[4] === undefined ? [] : match[4].split(".");
  if (pre.some((part) => /^0\d+$/.test(part))) return undefined;
  return new Semver([BigInt(match[1] ?? 0), BigInt(match[2] ?? 0), BigInt(match[3] ?? 0)], pre);
}

function normalize(text: string): string {
  const [, numbers = "", rest = ""] = /^v?([^-+]*)(.*)$/s.exec(text) ?? [];
  const parts = numbers.split(".").map((part) => part.replace(/^0+(?=\d)/, ""));
  while (parts.length < 3) parts.push("0");
  return parts.join(".") + rest;
}

function parseOrThrow(text: string, lenient: boolean): Semver {
  const version = parse(text, lenient);
  if (!version) throw new EvaluationError({ code: "invalid_semver", message: `"${text}" is not a semantic version` });
  return version;
}

function compare(a: Semver, b: Semver): -1 | 0 | 1 {
  for (const i of [0, 1, 2] as const) if (a.numbers[i] !== b.numbers[i]) return a.numbers[i] < b.numbers[i] ? -1 : 1;
  if (a.pre.length === 0 || b.pre.length === 0) return a.pre.length === b.pre.length ? 0 : a.pre.length === 0 ? 1 : -1;
  for (const [i, part] of a.pre.entries()) {
    const other = b.pre[i];
    if (other === undefined) return 1;
    const order = comparePart(part, other);
    if (order !== 0) return order;
  }
  return a.pre.length < b.pre.length ? -1 : 0;
}

/** Numbers before words, numbers by value, words by letter. */
function comparePart(a: string, b: string): -1 | 0 | 1 {
  const [first, second] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (first !== second) return first ? -1 : 1;
  if (a === b) return 0;
  return (first ? BigInt(a) < BigInt(b) : a < b) ? -1 : 1;
}
