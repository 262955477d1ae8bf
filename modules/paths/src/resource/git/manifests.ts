import type { Entity } from "@roadbed/contracts/catalog";
import { z } from "zod";

import type { Provisioner } from "../provisioner.ts";
import { makeGitProvisioner, type GitProvisionerOptions } from "./git-provisioner.ts";
import { sourcesOf } from "./render-manifests.ts";

const Repository = z
  .string()
  .min(1)
  .max(300)
  .describe("A repository of the embedded Git host by name, or the address of one at GitHub or GitLab");
const Branch = z
  .string()
  .regex(/^[\w][\w./-]{0,99}$/, "must be the name of a branch")
  .default("main");
const Folder = z
  .string()
  .regex(/^(?!.*\.\.)[\w$][\w${}. /-]{0,199}(?<!\/)$/, "must be a folder of the repository, e.g. clusters/${{ environment }}/${{ name }}")
  .optional()
  .describe("Default: resources/ENVIRONMENT/NAME");
/** Everything that is not named here fills places in the manifests. */
const Inputs = z.object({ repository: Repository, branch: Branch, folder: Folder }).catchall(z.unknown());

type Deps = Pick<GitProvisionerOptions, "folders" | "publicUrl" | "once"> & {
  /** The resource as the catalogue has it, with what clusters say of its claims. */
  entityOf(ref: string): Promise<Entity | undefined>;
};

/** The manifests that lie beside a class, kept in Git. */
export function makeKubernetesManifests(deps: Deps): Provisioner {
  return makeGitProvisioner({
    ...deps,
    id: "kubernetes",
    description:
      "Keeps the Kubernetes manifests that lie beside the class in a folder of a Git repository, from which a cluster takes them.",
    inputs: Inputs,
    sourcesOf: ({ files }) => sourcesOf(files),
  });
}

const Claim = Inputs.extend({
  apiVersion: z.string().regex(/^[a-z0-9.-]+\/v[a-z0-9]+$/, "must be a group and a version, e.g. database.example.org/v1alpha1"),
  kind: z.string().regex(/^[A-Z][A-Za-z0-9]*$/, "must be a kind, e.g. PostgreSQLInstance"),
  namespace: z.string().max(63).default("default"),
  spec: z.record(z.string(), z.unknown()).default({}).describe("Of the claim; may hold places such as ${{ inputs.storageGb }}"),
  connectionSecret: z
    .string()
    .max(253)
    .optional()
    .describe("The secret that Crossplane writes what is needed to reach it into; default NAME-ENVIRONMENT-connection"),
});

/** A Crossplane claim, kept in Git: what the claim asks for is made by the cluster's compositions. */
export function makeCrossplaneClaim(deps: Deps): Provisioner {
  return makeGitProvisioner({
    ...deps,
    id: "crossplane",
    description: "Keeps a Crossplane claim in a folder of a Git repository; the cluster's compositions make what it asks for.",
    inputs: Claim,
    sourcesOf({ inputs, name, environment }) {
      const { apiVersion, kind, namespace, spec, connectionSecret } = inputs as z.output<typeof Claim>;
      const claim = {
        apiVersion,
        kind,
        metadata: {
          name: `${name}-${environment}`,
          namespace,
          labels: { "app.kubernetes.io/managed-by": "roadbed" },
          // By it the connector of the cluster tells how far the claim is.
          annotations: { "roadbed.dev/entity": `resource:default/${name}` },
        },
        spec: { ...spec, writeConnectionSecretToRef: { name: connectionSecret ?? `${name}-${environment}-connection` } },
      };
      return { sources: [{ path: "claim.yaml", documents: [claim] }], problems: [] };
    },
    async seen({ name, environment, inputs }) {
      const { namespace } = inputs as z.output<typeof Claim>;
      const { claims = {} } = ((await deps.entityOf(`resource:default/${name}`))?.spec ?? {}) as {
        readonly claims?: Record<string, Record<string, unknown>>;
      };
      const own = Object.values(claims).filter((one) => one["name"] === `${name}-${environment}` && one["namespace"] === namespace);
      if (own.length === 0) return undefined;
      const words = own.map(({ cluster, ready, message }) =>
        ready === true
          ? `ready in ${String(cluster)}`
          : `not ready in ${String(cluster)}${typeof message === "string" ? ` (${message})` : ""}`,
      );
      return { words: words.join(", "), ready: own.every(({ ready }) => ready === true) };
    },
  });
}
