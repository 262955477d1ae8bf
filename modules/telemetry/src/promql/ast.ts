/** A query as a tree. `at` is where it stands in the text, counted from 0. */
export type Expr = NumberExpr | StringExpr | SelectorExpr | CallExpr | AggregateExpr | BinaryExpr | NegateExpr;

export type ValueType = "scalar" | "vector" | "matrix" | "string";

export interface NumberExpr {
  readonly kind: "number";
  readonly at: number;
  readonly value: number;
}
export interface StringExpr {
  readonly kind: "string";
  readonly at: number;
  readonly value: string;
}
export interface Matcher {
  readonly label: string;
  readonly op: "=" | "!=" | "=~" | "!~";
  readonly value: string;
}
export interface SelectorExpr {
  readonly kind: "selector";
  readonly at: number;
  readonly matchers: readonly Matcher[];
  /** Given: a range vector, in milliseconds. */
  readonly rangeMs?: number;
  readonly offsetMs: number;
}
export interface CallExpr {
  readonly kind: "call";
  readonly at: number;
  readonly name: string;
  readonly args: readonly Expr[];
}
export interface AggregateExpr {
  readonly kind: "aggregate";
  readonly at: number;
  readonly op: string;
  readonly without: boolean;
  readonly labels: readonly string[];
  readonly parameter?: Expr;
  readonly of: Expr;
}
export interface Matching {
  /** Absent: by all labels. */
  readonly on?: readonly string[];
  readonly ignoring?: readonly string[];
  readonly many?: "left" | "right";
  readonly include: readonly string[];
}
export interface BinaryExpr {
  readonly kind: "binary";
  readonly at: number;
  readonly op: string;
  readonly bool: boolean;
  readonly matching: Matching;
  readonly left: Expr;
  readonly right: Expr;
}
export interface NegateExpr {
  readonly kind: "negate";
  readonly at: number;
  readonly of: Expr;
}
