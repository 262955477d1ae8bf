import { NotFoundError } from "@roadbed/core";

/** Those of these packs and names; all where none is named. Throws `NotFoundError` for what there is not: a set that lost a policy must not let more pass. */
export function selectPolicies<P extends { readonly name: string; readonly pack?: string | undefined }>(
  policies: readonly P[],
  only: readonly string[],
): readonly P[] {
  if (only.length === 0) return policies;
  const gone = only.find((wanted) => !policies.some(({ name, pack }) => name === wanted || pack === wanted));
  if (gone !== undefined)
    throw new NotFoundError("policy or pack", gone, "See roadbed policy list; a policy that is switched off is not there.");
  return policies.filter(({ name, pack }) => only.some((wanted) => name === wanted || pack === wanted));
}
