import { expect, test } from "vitest";

import { judgeWorkload, type Shown } from "./judge-workload.ts";
import type { KubeObject } from "./sorts.ts";

const labels = (release: number) => ({ "roadbed.dev/release": String(release) });
const pod = (release: number, status: unknown): KubeObject => ({
  kind: "Pod",
  metadata: { name: `p${release}`, labels: labels(release) },
  spec: { containers: [{ name: "orders" }] },
  status,
});
const READY = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
const waiting = (reason: string, message = "", restartCount = 0) => ({
  containerStatuses: [{ name: "orders", restartCount, state: { waiting: { reason, message } } }],
});
const main = (release: number, status: object, kind = "Deployment"): KubeObject => ({
  kind,
  metadata: { name: "orders", generation: 2, labels: labels(release) },
  spec: { replicas: 1 },
  status: { observedGeneration: 2, ...status },
});
const DONE = { replicas: 1, updatedReplicas: 1, availableReplicas: 1 };
const judge = (shown: Partial<Shown>) => {
  const { verdict, health, why } = judgeWorkload({ main: undefined, pods: [], jobs: [], engine: undefined, ...shown }, 3);
  return [verdict, health, why];
};

test.each<[string, Partial<Shown>, string, string, string | undefined]>([
  ["nothing is there", {}, "progressing", "starting", "It is not in the cluster yet."],
  ["the release before", { main: main(2, DONE), pods: [pod(2, READY)] }, "progressing", "healthy", "The cluster still has release 2."],
  [
    "not looked at yet",
    { main: main(3, { ...DONE, observedGeneration: 1 }), pods: [pod(3, READY)] },
    "progressing",
    "starting",
    "Its controller has not seen it yet.",
  ],
  ["all is there", { main: main(3, DONE), pods: [pod(3, READY)] }, "healthy", "healthy", undefined],
  [
    "the old one still runs beside it",
    { main: main(3, { ...DONE, replicas: 2 }), pods: [pod(3, READY), pod(2, READY)] },
    "progressing",
    "healthy",
    "1 of 1 pods are ready.",
  ],
  [
    "the registry is away",
    { main: main(3, {}), pods: [pod(3, waiting("ImagePullBackOff", "i/o timeout"))] },
    "progressing",
    "starting",
    "Its image cannot be fetched: i/o timeout",
  ],
  [
    "the image is gone",
    { main: main(3, {}), pods: [pod(3, waiting("ErrImagePull", "manifest unknown"))] },
    "failed",
    "failed",
    "Its image cannot be fetched: manifest unknown",
  ],
  [
    "it crashed once",
    { main: main(3, {}), pods: [pod(3, waiting("CrashLoopBackOff", "", 1))] },
    "progressing",
    "crashed",
    "orders crashes again and again (1 restarts).",
  ],
  [
    "it crashes",
    { main: main(3, {}), pods: [pod(3, waiting("CrashLoopBackOff", "", 5))] },
    "failed",
    "crashed",
    "orders crashes again and again (5 restarts).",
  ],
  [
    "there is no place",
    {
      main: main(3, {}),
      pods: [pod(3, { phase: "Pending", conditions: [{ type: "PodScheduled", status: "False", message: "0/3 nodes" }] })],
    },
    "progressing",
    "starting",
    "There is no place for it: 0/3 nodes",
  ],
  [
    "no progress within the deadline",
    {
      main: main(3, { conditions: [{ type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "timed out" }] }),
      pods: [pod(2, READY)],
    },
    "failed",
    "healthy",
    "timed out",
  ],
  [
    "a quota refuses its pods",
    { main: main(3, { conditions: [{ type: "ReplicaFailure", status: "True", message: "exceeded quota" }] }) },
    "progressing",
    "starting",
    "exceeded quota",
  ],
  [
    "a Rollout is degraded",
    { main: main(3, { phase: "Degraded", message: "aborted" }, "Rollout"), pods: [pod(2, READY)] },
    "failed",
    "healthy",
    "aborted",
  ],
  [
    "a job's last time failed",
    {
      main: main(3, {}, "CronJob"),
      jobs: [
        {
          metadata: { creationTimestamp: "2026-01-02T00:00:00Z" },
          status: { conditions: [{ type: "Failed", status: "True", message: "DeadlineExceeded" }] },
        },
      ],
    },
    "healthy",
    "healthy",
    "Its last time failed: DeadlineExceeded",
  ],
])("%s", (_what, shown, verdict, health, why) => {
  expect(judge(shown)).toEqual([verdict, health, why]);
});

test("what Argo CD and Flux say stands beside it", () => {
  const argo: KubeObject = {
    kind: "Application",
    status: {
      sync: { status: "OutOfSync", revision: "abc" },
      operationState: { phase: "Failed", message: "one or more objects failed to apply" },
    },
  };
  const flux: KubeObject = {
    kind: "Kustomization",
    status: { lastAppliedRevision: "env/prod@sha1:abc", conditions: [{ type: "Ready", status: "False", message: "not found" }] },
  };
  const said = (engine: KubeObject) => judgeWorkload({ main: undefined, pods: [], jobs: [], engine }, 3);
  expect(said(argo).engine).toEqual({ sync: "OutOfSync", revision: "abc", said: "Argo CD says: one or more objects failed to apply" });
  expect(said(argo).why).toContain("failed to apply");
  expect(said(flux).engine).toEqual({ sync: "OutOfSync", revision: "abc", said: "Flux says: not found" });
});
