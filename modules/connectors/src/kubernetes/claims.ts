import type { Reading } from "@roadbed/contracts/connector";

import { record, textOf } from "../lib/git-host.ts";
import { toEntityName } from "../lib/names.ts";
import type { KubeObject, Sort } from "./kube-api.ts";
import { stringsOf } from "./workloads.ts";

/** On a claim, the resource in the catalogue that it is of. */
export const ENTITY = "roadbed.dev/entity";

/** `database.example.org/v1alpha1/postgresqlinstances`, as the settings name a sort of claims. */
export function claimSort(text: string): Sort {
  const [group = "", version = "", plural = ""] = text.split("/");
  return { group, version, plural };
}

/** What the cluster says of claims, added to the resources that they are of; those of nobody are left out. */
export function* claimReadings(cluster: string, path: string, objects: readonly KubeObject[]): Generator<Reading> {
  for (const object of objects) {
    const metadata = record(object["metadata"]);
    const ref = /^resource:default\/(.+)$/.exec(stringsOf(metadata["annotations"])[ENTITY] ?? "")?.[1];
    const [name, namespace] = [textOf(metadata["name"]), textOf(metadata["namespace"])];
    if (ref === undefined || name === undefined || namespace === undefined) continue;
    const kind = textOf(object["kind"]) ?? path.split("/").at(-1)!;
    const key = toEntityName(`${cluster}-${namespace}-${name}`).replaceAll(".", "-");
    yield {
      type: "entity",
      mode: "enrich",
      entity: {
        apiVersion: "backstage.io/v1alpha1",
        kind: "Resource",
        metadata: { name: ref },
        spec: { claims: { [key]: { cluster, namespace, name, kind, ...stateOf(record(object["status"])) } } },
      },
      location: path.replace("NAMESPACE", namespace).replace("NAME", name),
    };
  }
}

/** Crossplane says by two conditions how far a claim is: what it asks for is made (Ready), and it could be passed on (Synced). */
function stateOf(status: Record<string, unknown>): { readonly ready: boolean; readonly message?: string } {
  const conditions = (Array.isArray(status["conditions"]) ? status["conditions"] : []).map(record);
  const ready = conditions.find(({ type }) => type === "Ready");
  const bad = conditions.find((one) => one["status"] !== "True");
  const message =
    bad === undefined ? undefined : [textOf(bad["reason"]), textOf(bad["message"])].filter((text) => text !== undefined).join(": ");
  return { ready: ready?.["status"] === "True", ...(message === undefined || message === "" ? {} : { message: message.slice(0, 500) }) };
}
