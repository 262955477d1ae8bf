import { EvaluationError, type Environment } from "@marcbachmann/cel-js";

/** Kubernetes' `quantity` library: "500m", "128Mi", "1e3" as exact numbers of billionths. */
export function registerQuantity(environment: Environment): void {
  const add = (signature: string, run: (...args: any[]) => unknown): void => void environment.registerFunction(signature, run, SYNC);
  environment.registerType("kubernetes.Quantity", Quantity);
  environment.registerOperator(`${TYPE} == ${TYPE}`, (a: Quantity, b: Quantity) => a.nanos === b.nanos);
  add(`quantity(string): ${TYPE}`, parseOrThrow);
  add("isQuantity(string): bool", (text: string) => parseQuantity(text) !== undefined);
  add(`${TYPE}.sign(): int`, ({ nanos }: Quantity) => (nanos === 0n ? 0n : nanos > 0n ? 1n : -1n));
  add(`${TYPE}.isInteger(): bool`, ({ nanos }: Quantity) => nanos % NANO === 0n && fitsInt(nanos / NANO));
  add(`${TYPE}.asInteger(): int`, asInteger);
  add(`${TYPE}.asApproximateFloat(): double`, ({ nanos }: Quantity) => Number(nanos) / 1e9);
  add(`${TYPE}.compareTo(${TYPE}): int`, (a: Quantity, b: Quantity) => (a.nanos === b.nanos ? 0n : a.nanos > b.nanos ? 1n : -1n));
  add(`${TYPE}.isLessThan(${TYPE}): bool`, (a: Quantity, b: Quantity) => a.nanos < b.nanos);
  add(`${TYPE}.isGreaterThan(${TYPE}): bool`, (a: Quantity, b: Quantity) => a.nanos > b.nanos);
  add(`${TYPE}.add(${TYPE}): ${TYPE}`, (a: Quantity, b: Quantity) => new Quantity(a.nanos + b.nanos));
  add(`${TYPE}.sub(${TYPE}): ${TYPE}`, (a: Quantity, b: Quantity) => new Quantity(a.nanos - b.nanos));
  add(`${TYPE}.add(int): ${TYPE}`, (a: Quantity, b: bigint) => new Quantity(a.nanos + b * NANO));
  add(`${TYPE}.sub(int): ${TYPE}`, (a: Quantity, b: bigint) => new Quantity(a.nanos - b * NANO));
}

const SYNC = { async: false } as never;
const TYPE = "kubernetes.Quantity";
const NANO = 1_000_000_000n;
const SHAPE = /^([+-]?)(\d*)(?:\.(\d*))?(n|u|m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi|E|Ei|[eE][+-]?\d{1,3})?$/;
const DECIMAL: Record<string, number> = { n: -9, u: -6, m: -3, "": 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const BINARY: Record<string, bigint> = { Ki: 1n << 10n, Mi: 1n << 20n, Gi: 1n << 30n, Ti: 1n << 40n, Pi: 1n << 50n, Ei: 1n << 60n };

class Quantity {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** The quantity of a text, rounded away from zero to a billionth as Kubernetes does; undefined where it is none. */
export function parseQuantity(text: string): Quantity | undefined {
  const match = SHAPE.exec(text);
  if (!match || text.length > 60) return undefined;
  const [, sign = "", whole = "", fraction = "", suffix = ""] = match;
  if (whole === "" && fraction === "") return undefined;
  const digits = BigInt(whole + fraction);
  const binary = BINARY[suffix];
  const exponent = binary === undefined ? (DECIMAL[suffix] ?? Number(suffix.slice(1))) : 0;
  const scaled = scale(digits * (binary ?? 1n), exponent - fraction.length + 9);
  return new Quantity(sign === "-" ? -scaled : scaled);
}

function scale(value: bigint, power: number): bigint {
  if (power >= 0) return value * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  return (value + divisor - 1n) / divisor;
}

const known = new Map<string, Quantity>();
const KNOWN_LIMIT = 500;

/** The same few quantities come again and again. */
function parseOrThrow(text: string): Quantity {
  const before = known.get(text);
  if (before) return before;
  const quantity = parseQuantity(text);
  if (quantity && known.size >= KNOWN_LIMIT) known.clear();
  if (quantity) known.set(text, quantity);
  if (!quantity) throw new EvaluationError({ code: "invalid_quantity", message: `"${text}" is not a quantity` });
  return quantity;
}

function asInteger({ nanos }: Quantity): bigint {
  if (nanos % NANO === 0n && fitsInt(nanos / NANO)) return nanos / NANO;
  throw new EvaluationError({ code: "invalid_quantity", message: "the quantity is not a whole number" });
}

function fitsInt(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}
