import { estimateStatusQuo, firstYear, modelValue } from "@roadbed/contracts/product/value";
import { handle, InvalidError, type Handler } from "@roadbed/core";

import { firstYearReturn } from "./first-year-return.ts";
import { fiveYears } from "./five-years.ts";
import { statusQuo } from "./status-quo.ts";

/** What a platform costs and brings, as far as that can be said before it is known. Nothing is stored. */
export function makeValueHandlers(): Handler[] {
  return [
    handle(estimateStatusQuo, async (_ctx, { currency, seed, ...inputs }) => {
      const found = statusQuo(inputs, seed);
      const { recoverable, drivers } = found;
      const widest = drivers[0] === undefined ? "" : ` Most depends on ${drivers[0].input}.`;
      return {
        currency,
        hours: found.hours,
        cost: found.cost,
        recoverable,
        causes: [...found.causes],
        drivers: [...drivers],
        says: `Between ${words(recoverable.p10)} and ${words(recoverable.p90)} ${currency} a year could be won back, in eight of ten draws. It is an estimate from what was put in, not a measurement.${widest}`,
      };
    }),
    handle(modelValue, async (_ctx, { currency, seed, ...inputs }) => {
      refuseTwice(inputs.benefits);
      const { worth, withCapacity, breakEven, ratio, months, drivers, neededFactor } = fiveYears(inputs, seed);
      const when =
        breakEven.month === undefined
          ? "The middle draw does not pay back in five years"
          : `The middle draw has paid back by month ${breakEven.month}`;
      return {
        currency,
        worth,
        withCapacity,
        breakEven,
        ...(ratio === undefined ? {} : { ratio }),
        months: [...months],
        drivers: [...drivers],
        ...(neededFactor === undefined ? {} : { neededFactor }),
        says: `${when}; ${Math.round(breakEven.chance * 100)} of 100 draws do. Hours won are not in it: they are no savings.`,
      };
    }),
    handle(firstYear, async (_ctx, o) => {
      const found = firstYearReturn({
        ...o,
        before: {
          deployments: o.deploymentsBefore,
          features: o.featuresBefore,
          failRate: o.failRateBefore,
          recoveryHours: o.recoveryHours,
        },
        after: { deployments: o.deploymentsAfter, features: o.featuresAfter, failRate: o.failRateAfter },
      });
      const { returnOnInvestment, paybackYears } = found;
      const whole = (name: "hardCosts" | "dipCost" | "investment" | "capacity" | "revenue" | "downtime" | "value" | "benefit"): number =>
        Math.round(found[name]);
      return {
        hardCosts: whole("hardCosts"),
        dipCost: whole("dipCost"),
        investment: whole("investment"),
        capacity: whole("capacity"),
        revenue: whole("revenue"),
        downtime: whole("downtime"),
        value: whole("value"),
        benefit: whole("benefit"),
        ...(returnOnInvestment === undefined ? {} : { returnOnInvestment }),
        ...(paybackYears === undefined ? {} : { paybackYears }),
        says: "By DORA's calculator, which calls hours won a benefit at their full price. Here they are not: see the model of five years.",
      };
    }),
  ];
}

/** A shorter lead time and time saved by deployment are often the same hours. */
function refuseTwice(benefits: readonly { readonly name: string; readonly hours?: string | undefined }[]): void {
  const first = new Map<string, string>();
  for (const [at, { name, hours }] of benefits.entries()) {
    if (hours === undefined) continue;
    const before = first.get(hours);
    if (before !== undefined) {
      throw new InvalidError(`${name} and ${before} count the same hours.`, {
        problems: [{ at: `benefits.${at}.hours`, reason: `are counted by ${before} already` }],
        mend: "Leave one of them out, or divide the hours between them.",
      });
    }
    first.set(hours, name);
  }
}

function words(amount: number): string {
  return new Intl.NumberFormat("en-GB", { maximumSignificantDigits: 2, useGrouping: true }).format(amount).replaceAll(",", " ");
}
