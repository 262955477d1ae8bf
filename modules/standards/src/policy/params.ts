import type { Binding, LoadedPolicy } from "./policy.ts";
import { matchesLabels } from "./match.ts";

/** An object that policies take as parameters. */
export interface ParamObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, unknown>>;
  readonly object: Readonly<Record<string, unknown>>;
}

/** `objects`: what to ask with, one after another; null is "no parameters". `missing`: there should be some and are none. */
export type ParamAnswer = { readonly objects: readonly (ParamObject | null)[] } | { readonly missing: "allow" | "deny" };

const WITHOUT: ParamAnswer = { objects: [null] };

/** The parameters of a binding for an object in this namespace. As in Kubernetes: all that are found are asked, and all must agree. */
export function paramsFor(
  policy: LoadedPolicy,
  binding: Binding | undefined,
  params: readonly ParamObject[],
  namespace: string,
): ParamAnswer {
  const ref = binding?.paramRef;
  if (policy.paramKind === undefined || ref === undefined) return WITHOUT;
  const objects = params.filter(
    (param) =>
      param.apiVersion === policy.paramKind?.apiVersion &&
      param.kind === policy.paramKind.kind &&
      (ref.namespace === undefined ? param.namespace === "" || param.namespace === namespace : param.namespace === ref.namespace) &&
      (ref.name === undefined || param.name === ref.name) &&
      (ref.selector === undefined || matchesLabels(ref.selector, param.labels)),
  );
  return objects.length > 0 ? { objects } : { missing: ref.parameterNotFoundAction === "Deny" ? "deny" : "allow" };
}

/** How findings name it. */
export function describeParam({ kind, namespace, name }: ParamObject): string {
  return `${kind} ${namespace === "" ? "" : `${namespace}/`}${name}`;
}
