import type { MonthlyCost } from "@roadbed/contracts/paths/resource-classes";

/** One price in a preview. */
export interface PricedItem {
  readonly resource: string;
  readonly environment: string;
  /** Absent where no price is known. */
  readonly cost?: MonthlyCost | undefined;
}

export interface Total {
  readonly amount: string;
  readonly currency: string;
  readonly basis: string;
}

/** The sum of what is known, exactly; undefined where no price is known, or where currencies differ, which are not added up. */
export function totalOf(items: readonly PricedItem[]): Total | undefined {
  const known = items.flatMap(({ cost }) => (cost === undefined ? [] : [cost]));
  // Nothing costs nothing in every currency.
  const currencies = [...new Set(known.filter(({ amount }) => !isZero(amount)).map(({ currency }) => currency))];
  if (known.length === 0 || currencies.length > 1) return undefined;
  const unknown = items.filter(({ cost }) => cost === undefined).map(({ resource }) => resource);
  const sources = [...new Set(known.map(({ source, date }) => `${source} (${date})`))];
  return {
    amount: addUp(known.map(({ amount }) => amount)),
    currency: currencies[0] ?? known[0]!.currency,
    basis: `${sources.join("; ")}${unknown.length === 0 ? "" : `; no price is known of ${unknown.join(", ")}, which comes on top`}`,
  };
}

/** Of decimal texts, without floats: `0.10` and `0.20` are `0.30`. */
export function addUp(amounts: readonly string[]): string {
  const places = Math.max(0, ...amounts.map((amount) => amount.split(".")[1]?.length ?? 0));
  const sum = amounts.reduce((total, amount) => {
    const [whole = "0", part = ""] = amount.split(".");
    return total + BigInt(whole + part.padEnd(places, "0"));
  }, 0n);
  const digits = sum.toString().padStart(places + 1, "0");
  return places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

function isZero(amount: string): boolean {
  return /^0*(\.0*)?$/.test(amount);
}
