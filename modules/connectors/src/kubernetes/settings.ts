import { InvalidError } from "@roadbed/core";
import { z } from "zod";

import { advanced, longText } from "../lib/advanced.ts";
import { record, textOf } from "../lib/git-host.ts";

const Name = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, "must be a name of Kubernetes: lower-case letters, digits, dashes");
const Key = z.string().regex(/^[\w./-]{1,316}$/, "must be the key of a label or an annotation");

export const KubernetesSettings = z
  .strictObject({
    cluster: Name.describe("What the cluster is called among people; its namespaces are named after it"),
    server: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe("Address of the API server, e.g. https://10.0.0.1:6443"),
    token: z
      .string()
      .min(1)
      .regex(/^\S+$/, "may not hold spaces")
      .optional()
      .describe("Token of a service account that may get and list what is read; it is stored sealed"),
    ca: advanced(
      longText(
        z
          .string()
          .max(100_000)
          .includes("-----BEGIN CERTIFICATE-----")
          .optional()
          .describe("The cluster's own certificate authority (PEM), where it has one"),
      ),
    ),
    kubeconfig: advanced(
      z
        .string()
        .max(200_000)
        .optional()
        .describe("Instead of the three: what `kubectl config view --minify --flatten --raw` prints, as YAML or JSON; it is stored sealed"),
    ),
    namespaces: z.array(Name).max(200).default([]).describe("Namespaces that are read; none: all"),
    skip: advanced(
      z
        .array(Name)
        .default(["kube-system", "kube-public", "kube-node-lease"])
        .describe("Namespaces that are passed over when all are read"),
    ),
    selector: advanced(z.string().max(1_000).default("").describe("Label selector of the workloads, e.g. tier=backend")),
    owner: z.string().max(200).default("unknown").describe("Owner of what says none, e.g. group:default/platform"),
    ownerKeys: advanced(
      z
        .array(Key)
        .default(["roadbed.dev/owner", "backstage.io/owner", "owner", "team"])
        .describe("Annotations and labels that name the owner, of the workload or its namespace; the first found counts"),
    ),
    nameKeys: advanced(
      z.array(Key).default(["app.kubernetes.io/name", "app"]).describe("Labels that name the component; none: the workload's own name"),
    ),
    systemKey: advanced(Key.default("app.kubernetes.io/part-of").describe("The label that names the system")),
    claims: advanced(
      z
        .array(
          z
            .string()
            .regex(
              /^[a-z0-9.-]+\/v[a-z0-9]+\/[a-z0-9]+$/,
              "must be GROUP/VERSION/PLURAL, e.g. database.example.org/v1/postgresqlinstances",
            ),
        )
        .max(50)
        .default([])
        .describe("Sorts of Crossplane claims whose state is told at the resources that they are of"),
    ),
    delivery: z
      .boolean()
      .default(false)
      .describe("Let environments of delivery run there: what was released is looked at, and rollouts are led, with this token"),
    lifecycle: advanced(z.string().min(1).max(63).default("production").describe("Lifecycle of what nobody else describes")),
  })
  .superRefine((settings, ctx) => {
    if (settings.kubeconfig === undefined && settings.server === undefined) {
      ctx.addIssue({ code: "custom", path: ["server"], message: "is missing: give server and token, or a kubeconfig" });
    }
  });
export type KubernetesSettings = z.output<typeof KubernetesSettings>;

/** Where the cluster answers, and as whom it is asked. */
export interface Access {
  readonly server: string;
  readonly token: string | undefined;
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

/** Throws `InvalidError` for a kubeconfig that names no cluster, or that runs a program to sign in. */
export function accessOf(settings: KubernetesSettings): Access {
  const { kubeconfig, server, token, ca } = settings;
  if (kubeconfig === undefined) return { server: server!.replace(/\/+$/, ""), token, tls: ca === undefined ? {} : { ca } };
  const config = parseConfig(kubeconfig);
  const first = (list: string, inside: string): Record<string, unknown> =>
    record(record(Array.isArray(config[list]) ? config[list][0] : undefined)[inside]);
  const [cluster, user] = [first("clusters", "cluster"), first("users", "user")];
  const address = server ?? textOf(cluster["server"]);
  if (address === undefined) throw unusable("names no cluster with a server");
  if (user["exec"] !== undefined || user["auth-provider"] !== undefined) {
    throw unusable("signs in by a program on the machine of its user", "Make a service account, and give server and token.");
  }
  const pem = (key: string, from: Record<string, unknown>): string | undefined => {
    const data = textOf(from[`${key}-data`]);
    return data === undefined ? undefined : Buffer.from(data, "base64").toString();
  };
  const found = { ca: ca ?? pem("certificate-authority", cluster), cert: pem("client-certificate", user), key: pem("client-key", user) };
  return {
    server: address.replace(/\/+$/, ""),
    token: token ?? textOf(user["token"]),
    tls: Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)),
  };
}

function parseConfig(text: string): Record<string, unknown> {
  try {
    return record(JSON.parse(text));
  } catch {
    throw unusable("is neither YAML nor JSON");
  }
}

function unusable(reason: string, mend = "Give what kubectl config view --minify --flatten --raw prints."): InvalidError {
  return new InvalidError(`The kubeconfig ${reason}.`, { problems: [{ at: "settings.kubeconfig", reason, mend }], mend });
}
