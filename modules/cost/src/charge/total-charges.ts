import { add, type Decimal } from "./decimal.ts";
import type { Charge } from "./read-focus.ts";

export interface Total {
  readonly currency: string;
  readonly billingPeriod: string;
  readonly rows: number;
  readonly billed: Decimal;
  readonly effective: Decimal;
  /** Undefined: no row says one, which is not zero. */
  readonly list: Decimal | undefined;
  readonly contracted: Decimal | undefined;
  readonly withoutList: number;
  readonly withoutContracted: number;
}

/** By currency and billing period, in that order. Currencies are never added together. */
export function totalCharges(charges: readonly Charge[]): readonly Total[] {
  const totals = new Map<string, Total>();
  for (const charge of charges) {
    const key = `${charge.currency} ${charge.billingPeriod}`;
    totals.set(key, plus(totals.get(key), charge));
  }
  return [...totals].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, total]) => total);
}

function plus(total: Total | undefined, { currency, billingPeriod, billed, effective, list, contracted }: Charge): Total {
  return {
    currency,
    billingPeriod,
    rows: (total?.rows ?? 0) + 1,
    billed: both(total?.billed, billed) ?? billed,
    effective: both(total?.effective, effective) ?? effective,
    list: both(total?.list, list),
    contracted: both(total?.contracted, contracted),
    withoutList: (total?.withoutList ?? 0) + (list === undefined ? 1 : 0),
    withoutContracted: (total?.withoutContracted ?? 0) + (contracted === undefined ? 1 : 0),
  };
}

function both(a: Decimal | undefined, b: Decimal | undefined): Decimal | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return add(a, b);
}
