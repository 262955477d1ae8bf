/** What deliveries are measured by, as it was told. Times are in milliseconds; what nobody told is absent. No person is in it. */
interface Told {
  readonly id: string;
  readonly source: string;
  readonly key: string;
}

export interface Deployment extends Told {
  readonly entityRef: string;
  readonly environment: string;
  readonly commit?: string | undefined;
  /** Commits that are in it and were not in the one before. */
  readonly carries?: readonly string[] | undefined;
  readonly startedAt?: number | undefined;
  readonly finishedAt: number;
  readonly result: "success" | "failure" | "rolled-back";
  readonly rework?: boolean | undefined;
  readonly rollback?: boolean | undefined;
}

export interface Change extends Told {
  readonly entityRef: string;
  readonly commit?: string | undefined;
  readonly firstCommitAt?: number | undefined;
  readonly openedAt?: number | undefined;
  readonly firstReviewAt?: number | undefined;
  readonly mergedAt: number;
  readonly bot: boolean;
}

export interface Incident extends Told {
  readonly entityRef?: string | undefined;
  readonly openedAt: number;
  readonly resolvedAt?: number | undefined;
  readonly userFacing: boolean;
  readonly causedBy?: string | undefined;
}

export interface Records {
  readonly deployments: readonly Deployment[];
  readonly changes: readonly Change[];
  readonly incidents: readonly Incident[];
}
