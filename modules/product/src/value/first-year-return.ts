/** What a year with a platform costs and brings, by DORA's calculator of returns. Shares are from 0 to 1, money is of one currency. */
export interface ReturnInputs {
  readonly staff: number;
  readonly salary: number;
  readonly revenue: number;
  readonly downtimeCostPerHour: number;
  readonly ideaSuccessRate: number;
  readonly revenuePerFeature: number;
  readonly timeSaved: number;
  readonly licencePerUser: number;
  readonly otherPerUser: number;
  readonly trainingPerUser: number;
  readonly infrastructure: number;
  /** How much less gets done while everybody learns, and for how long. */
  readonly dip: number;
  readonly dipMonths: number;
  readonly before: { readonly deployments: number; readonly features: number; readonly failRate: number; readonly recoveryHours: number };
  readonly after: { readonly deployments: number; readonly features: number; readonly failRate: number };
}

export interface FirstYearReturn {
  readonly hardCosts: number;
  readonly dipCost: number;
  readonly investment: number;
  /** Hours that are free for something else, priced: capacity, never a saving. */
  readonly capacity: number;
  readonly revenue: number;
  /** Negative where more deployments at a worse rate fail more often. */
  readonly downtime: number;
  readonly value: number;
  readonly benefit: number;
  /** Benefit over investment; undefined where nothing is invested. */
  readonly returnOnInvestment: number | undefined;
  /** Until value has paid for investment; undefined where it never does. */
  readonly paybackYears: number | undefined;
}

export function firstYearReturn(o: ReturnInputs): FirstYearReturn {
  const hardCosts = o.staff * (o.licencePerUser + o.otherPerUser + o.trainingPerUser) + o.infrastructure;
  const dipCost = (o.staff * o.salary * o.dip * o.dipMonths) / 12;
  const investment = hardCosts + dipCost;
  const capacity = o.staff * o.salary * o.timeSaved;
  const revenue = (o.after.features - o.before.features) * o.ideaSuccessRate * o.revenuePerFeature * o.revenue;
  const downtimeOf = (deployments: number, failRate: number): number =>
    deployments * failRate * o.before.recoveryHours * o.downtimeCostPerHour;
  const downtime = downtimeOf(o.before.deployments, o.before.failRate) - downtimeOf(o.after.deployments, o.after.failRate);
  const value = capacity + revenue + downtime;
  const benefit = value - investment;
  return {
    hardCosts,
    dipCost,
    investment,
    capacity,
    revenue,
    downtime,
    value,
    benefit,
    returnOnInvestment: investment > 0 ? benefit / investment : undefined,
    paybackYears: value > 0 ? investment / value : undefined,
  };
}
