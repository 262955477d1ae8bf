import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { firstYearReturn, type ReturnInputs } from "./first-year-return.ts";

const { inputs, expected } = JSON.parse(
  readFileSync(new URL("../../fixtures/derived/dora_roi_expected.json", import.meta.url), "utf8"),
) as {
  inputs: Record<string, number>;
  expected: Record<string, number>;
};
const DEFAULTS: ReturnInputs = {
  staff: inputs["staff_size"]!,
  salary: inputs["salary"]!,
  revenue: inputs["revenue"]!,
  downtimeCostPerHour: inputs["downtime_cost_per_hour"]!,
  ideaSuccessRate: inputs["idea_success_rate"]!,
  revenuePerFeature: inputs["revenue_impact_per_feature"]!,
  timeSaved: inputs["time_saved_per_developer"]!,
  licencePerUser: inputs["license_cost_per_user"]!,
  otherPerUser: inputs["additional_cost_per_user"]!,
  trainingPerUser: inputs["training_cost_per_user"]!,
  infrastructure: inputs["additional_infra_cost"]!,
  dip: inputs["j_curve_drop"]!,
  dipMonths: inputs["j_curve_duration_months"]!,
  before: {
    deployments: inputs["current_deployments_per_year"]!,
    features: inputs["current_features_per_year"]!,
    failRate: inputs["current_cfr"]!,
    recoveryHours: inputs["current_fdrt_hours"]!,
  },
  after: {
    deployments: inputs["target_deployments_per_year"]!,
    features: inputs["target_features_per_year"]!,
    failRate: inputs["target_cfr"]!,
  },
};

test("DORA's own defaults give DORA's own results, a loss by more deployments at a worse rate among them", () => {
  const found = firstYearReturn(DEFAULTS);
  expect(found.hardCosts).toBeCloseTo(expected["total_hard_costs"]!, 6);
  expect(found.dipCost).toBeCloseTo(expected["j_curve_cost"]!, 6);
  expect(found.investment).toBeCloseTo(expected["total_first_year_investment"]!, 6);
  expect(found.capacity).toBeCloseTo(expected["headcount_reinvestment_capacity"]!, 6);
  expect(found.revenue).toBeCloseTo(expected["revenue_from_extra_features"]!, 6);
  expect(found.downtime).toBeCloseTo(expected["downtime_savings"]!, 6);
  expect(found.value).toBeCloseTo(expected["total_first_year_value"]!, 6);
  expect(found.benefit).toBeCloseTo(expected["first_year_benefit"]!, 6);
  expect(Math.round(found.returnOnInvestment! * 100)).toBe(39);
  expect(found.paybackYears!.toFixed(1)).toBe("0.7");
});

test("nothing invested has no return, and what brings nothing never pays back", () => {
  const nothing = { ...DEFAULTS, staff: 0, infrastructure: 0, after: { ...DEFAULTS.after, features: DEFAULTS.before.features } };
  expect(firstYearReturn(nothing).returnOnInvestment).toBeUndefined();
  expect(firstYearReturn(nothing).paybackYears).toBeUndefined();
});
