export type FocusVersion = "1.0" | "1.1" | "1.2" | "1.3" | "1.4";

/** The columns that each version of FOCUS brought. 1.3 deprecates ProviderName and PublisherName, 1.4 has them no more. */
const BROUGHT: Readonly<Record<Exclude<FocusVersion, "1.4">, string>> = {
  "1.0": `AvailabilityZone BilledCost BillingAccountId BillingAccountName BillingCurrency BillingPeriodEnd BillingPeriodStart
    ChargeCategory ChargeClass ChargeDescription ChargeFrequency ChargePeriodEnd ChargePeriodStart CommitmentDiscountCategory
    CommitmentDiscountId CommitmentDiscountName CommitmentDiscountStatus CommitmentDiscountType ConsumedQuantity ConsumedUnit
    ContractedCost ContractedUnitPrice EffectiveCost InvoiceIssuerName ListCost ListUnitPrice PricingCategory PricingQuantity
    PricingUnit ProviderName PublisherName RegionId RegionName ResourceId ResourceName ResourceType ServiceCategory ServiceName
    SkuId SkuPriceId SubAccountId SubAccountName Tags`,
  "1.1": `CapacityReservationId CapacityReservationStatus CommitmentDiscountQuantity CommitmentDiscountUnit ServiceSubcategory
    SkuMeter SkuPriceDetails`,
  "1.2": `BillingAccountType InvoiceId PricingCurrency PricingCurrencyContractedUnitPrice PricingCurrencyEffectiveCost
    PricingCurrencyListUnitPrice SubAccountType`,
  "1.3": `AllocatedMethodDetails AllocatedMethodId AllocatedResourceId AllocatedResourceName AllocatedTags ContractApplied
    HostProviderName ServiceProviderName`,
};
const SINCE: ReadonlyMap<string, FocusVersion> = new Map(
  (["1.0", "1.1", "1.2", "1.3"] as const).flatMap((version) => BROUGHT[version].split(/\s+/).map((name) => [name, version] as const)),
);

/** The oldest version that has these columns; 1.4 where those that it dropped are gone. */
export function versionOf(columns: readonly string[]): FocusVersion {
  const newest = columns.reduce<FocusVersion>((newestYet, column) => {
    const since = SINCE.get(column) ?? "1.0";
    return since > newestYet ? since : newestYet;
  }, "1.0");
  return newest === "1.3" && columns.includes("ServiceProviderName") && !columns.includes("ProviderName") ? "1.4" : newest;
}

/** Neither of FOCUS nor an addition that says so by `x_`. */
export function isStray(column: string): boolean {
  return !SINCE.has(column) && !column.startsWith("x_");
}
