/** A sort of object, as the API addresses its lists. */
export interface Sort {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

/** An object as the API shows it. What is read of it is looked at with care: clusters differ. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly generation?: number;
    readonly resourceVersion?: string;
    readonly creationTimestamp?: string | Date;
    readonly deletionTimestamp?: string | Date;
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
  };
  readonly spec?: unknown;
  readonly status?: unknown;
}

export const DEPLOYMENTS: Sort = { group: "apps", version: "v1", plural: "deployments" };
export const ROLLOUTS: Sort = { group: "argoproj.io", version: "v1alpha1", plural: "rollouts" };
export const CRON_JOBS: Sort = { group: "batch", version: "v1", plural: "cronjobs" };
export const JOBS: Sort = { group: "batch", version: "v1", plural: "jobs" };
export const PODS: Sort = { group: "", version: "v1", plural: "pods" };
export const APPLICATIONS: Sort = { group: "argoproj.io", version: "v1alpha1", plural: "applications" };
export const KUSTOMIZATIONS: Sort = { group: "kustomize.toolkit.fluxcd.io", version: "v1", plural: "kustomizations" };

export function pathOf({ group, version, plural }: Sort, namespace?: string): string {
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  return namespace === undefined ? `${root}/${plural}` : `${root}/namespaces/${namespace}/${plural}`;
}
