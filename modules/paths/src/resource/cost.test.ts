import fc from "fast-check";
import { expect, test } from "vitest";

import { addUp, totalOf } from "./cost.ts";

const cost = (amount: string, currency = "EUR", source = "A list") => ({ amount, currency, source, date: "2026-01-31" });
const item = (resource: string, one?: ReturnType<typeof cost>) => ({ resource, environment: "dev", ...(one && { cost: one }) });

test("amounts are added exactly, as no float does", () => {
  expect(addUp(["0.10", "0.20"])).toBe("0.30");
  expect(addUp([])).toBe("0");
  expect(addUp(["0", "12", "0.005"])).toBe("12.005");
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 10 ** 9 }), { maxLength: 20 }), (cents) => {
      const text = (n: number): string => `${Math.floor(n / 100)}.${String(n % 100).padStart(2, "0")}`;
      expect(addUp(["0.00", ...cents.map(text)])).toBe(text(cents.reduce((sum, n) => sum + n, 0)));
    }),
  );
});

test("what is not known is said and not counted; currencies are not mixed, save where it costs nothing", () => {
  expect(totalOf([])).toBeUndefined();
  expect(totalOf([item("a")])).toBeUndefined();
  expect(totalOf([item("a", cost("1.50")), item("b", cost("2", "USD"))])).toBeUndefined();
  expect(totalOf([item("a", cost("0", "EUR")), item("b", cost("2.5", "USD"))])).toMatchObject({ amount: "2.5", currency: "USD" });
  expect(totalOf([item("a", cost("1.50")), item("b")])).toEqual({
    amount: "1.50",
    currency: "EUR",
    basis: "A list (2026-01-31); no price is known of b, which comes on top",
  });
});
