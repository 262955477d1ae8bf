import type { BinaryExpr, Matching } from "./ast.ts";
import { dropName, keyOf, only, without, type Labels, type Sample } from "./labels.ts";
import { isComparison } from "./parse.ts";
import { refuse } from "./refuse.ts";

export type Value = number | readonly Sample[];

const CALCULATE: Readonly<Record<string, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
  "^": (a, b) => a ** b,
  atan2: Math.atan2,
  "==": (a, b) => Number(a === b),
  "!=": (a, b) => Number(a !== b),
  "<": (a, b) => Number(a < b),
  "<=": (a, b) => Number(a <= b),
  ">": (a, b) => Number(a > b),
  ">=": (a, b) => Number(a >= b),
};

/** Two values by an operator: numbers, a number with each of a vector, or vectors whose labels fit. */
export function binary(expr: BinaryExpr, left: Value, right: Value): Value {
  const calculate = CALCULATE[expr.op];
  if (typeof left !== "number" && typeof right !== "number")
    return calculate === undefined ? sets(expr, left, right) : matched(expr, calculate, left, right);
  if (calculate === undefined) throw refuse(`${expr.op} works on instant vectors`, expr.at);
  if (typeof left === "number" && typeof right === "number") return calculate(left, right);
  const vector = (typeof left === "number" ? right : left) as readonly Sample[];
  return vector.flatMap((sample) => {
    const [a, b] = [typeof left === "number" ? left : sample.value, typeof right === "number" ? right : sample.value];
    return resultOf(expr, calculate(a, b), sample, sample.labels);
  });
}

/** A comparison filters, unless it is asked for 0 and 1. */
function resultOf(expr: BinaryExpr, value: number, kept: Sample, labels: Labels): Sample[] {
  if (!isComparison(expr.op)) return [{ labels: dropName(labels), value }];
  if (expr.bool) return [{ labels: dropName(labels), value }];
  return value === 0 ? [] : [{ labels, value: kept.value }];
}

function signatureOf(matching: Matching, labels: Labels): string {
  return keyOf(matching.on === undefined ? without(labels, ["__name__", ...(matching.ignoring ?? [])]) : only(labels, matching.on));
}

function sets({ op, matching }: BinaryExpr, left: readonly Sample[], right: readonly Sample[]): Sample[] {
  const there = new Set((op === "or" ? left : right).map(({ labels }) => signatureOf(matching, labels)));
  if (op === "or") return [...left, ...right.filter(({ labels }) => !there.has(signatureOf(matching, labels)))];
  return left.filter(({ labels }) => there.has(signatureOf(matching, labels)) === (op === "and"));
}

function matched(
  expr: BinaryExpr,
  calculate: (a: number, b: number) => number,
  left: readonly Sample[],
  right: readonly Sample[],
): Sample[] {
  const { matching, at } = expr;
  const manyRight = matching.many === "right";
  const [many, one] = manyRight ? [right, left] : [left, right];
  const ones = new Map<string, Sample>();
  for (const sample of one) {
    const signature = signatureOf(matching, sample.labels);
    if (ones.has(signature)) throw ambiguous(manyRight ? "left" : "right", at);
    ones.set(signature, sample);
  }
  const seen = new Set<string>();
  return many.flatMap((sample) => {
    const signature = signatureOf(matching, sample.labels);
    const other = ones.get(signature);
    if (other === undefined) return [];
    const [a, b] = manyRight ? [other, sample] : [sample, other];
    const made = resultOf(expr, calculate(a.value, b.value), a, labelsOf(expr, sample.labels, other.labels));
    if (made.length === 0) return made;
    const key = matching.many === undefined ? signature : keyOf((made[0] as Sample).labels);
    if (seen.has(key)) throw ambiguous(matching.many === undefined ? "left" : matching.many, at);
    seen.add(key);
    return made;
  });
}

function labelsOf(expr: BinaryExpr, many: Labels, one: Labels): Labels {
  const { matching, op, bool } = expr;
  const named = isComparison(op) && !bool ? many : dropName(many);
  if (matching.many === undefined) return matching.on === undefined ? without(named, matching.ignoring ?? []) : only(named, matching.on);
  return { ...without(named, matching.include), ...only(one, matching.include) };
}

function ambiguous(side: string, at: number): Error {
  return refuse(
    `several series on the ${side} have the same labels to match by`,
    at,
    "Use on(...) or ignoring(...) with group_left or group_right.",
  );
}
