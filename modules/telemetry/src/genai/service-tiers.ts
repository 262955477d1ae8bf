/** What a tier costs against the usual price, where that is the same for all models. */
const FACTORS: Readonly<Record<string, number>> = { "": 1, default: 1, auto: 1, standard: 1, standard_only: 1, flex: 0.5, batch: 0.5 };

/** Priority costs more by model. */
const PRIORITY: readonly { readonly model: RegExp; readonly factor: number }[] = [
  { model: /^gpt-5(?:[.-]|$)/, factor: 2 },
  { model: /^gpt-4\.1/, factor: 1.75 },
  { model: /^gpt-4o/, factor: 1.7 },
  { model: /^o3$/, factor: 1.75 },
];

/** Undefined: nobody told us what this tier costs for that model, e.g. one that is paid for beforehand. */
export function tierFactor(tier: string, model: string): number | undefined {
  if (tier === "priority") return PRIORITY.find((one) => one.model.test(model))?.factor;
  return Object.hasOwn(FACTORS, tier) ? FACTORS[tier] : undefined;
}
