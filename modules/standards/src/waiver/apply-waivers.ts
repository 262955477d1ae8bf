import { formatRef } from "@roadbed/contracts/catalog";
import type { Finding, Resource } from "@roadbed/contracts/standards";
import type { Waiver } from "@roadbed/contracts/standards/waivers";

import type { Violation } from "../policy/findings.ts";

/** What a resource is about: the entity, whose it is, and its namespace. */
export interface About {
  readonly entity?: string;
  readonly team?: string;
  readonly namespace?: string;
}

type Data = Readonly<Record<string, unknown>>;

/**
 * Of each resource, what it is about. An entity is about itself; a manifest about the component that it names, or the only one that
 * is made together with it. Whose it is says the entity, where it is at hand.
 */
export function aboutOf(resources: readonly Resource[]): readonly About[] {
  const entities = new Map(resources.flatMap(({ object }) => (isEntity(object) ? [[refOf(object), object] as const] : [])));
  const components = [...entities.keys()].filter((ref) => ref.startsWith("component:"));
  return resources.map(({ object }) => {
    const namespace = textOf(dataOf(object["metadata"])["namespace"]) || (isEntity(object) ? "default" : undefined);
    const entity = isEntity(object) ? refOf(object) : (namedBy(object, entities) ?? (components.length === 1 ? components[0] : undefined));
    const owner = entity === undefined ? "" : textOf(dataOf(entities.get(entity)?.["spec"])["owner"]);
    return {
      ...(entity === undefined ? {} : { entity }),
      ...(owner === "" ? {} : { team: ownerRef(owner) }),
      ...(namespace === undefined ? {} : { namespace }),
    };
  });
}

/** Every finding says what it is about; one that is waived says by what, and its violation stops nothing. */
export function applyWaivers(
  violations: readonly Violation[],
  abouts: readonly About[],
  waivers: readonly Waiver[],
): { readonly counting: Violation[]; readonly findings: Finding[] } {
  const byPolicy = Map.groupBy(waivers, ({ policy }) => policy);
  const counting: Violation[] = [];
  const findings: Finding[] = [];
  for (const violation of violations) {
    const about = abouts[violation.target] ?? {};
    const waiver = byPolicy.get(violation.finding.policy)?.find((one) => covers(one, about));
    const { entity, team } = about;
    const finding: Finding = { ...violation.finding, ...(entity === undefined ? {} : { entity }), ...(team === undefined ? {} : { team }) };
    if (waiver) {
      const { id, reason, owner, expiresAt } = waiver;
      findings.push({ ...finding, waiver: { id, reason, owner, expiresAt } });
    } else {
      findings.push(finding);
      counting.push({ ...violation, finding });
    }
  }
  return { counting, findings };
}

function covers({ entity, namespace, team }: Waiver, about: About): boolean {
  if (entity !== undefined) return entity === about.entity;
  if (namespace !== undefined) return namespace === about.namespace;
  return team !== undefined && team === about.team;
}

/** The reference of an object that is an entity of the catalogue. */
export function entityRefOf(object: Data): string | undefined {
  return isEntity(object) ? refOf(object) : undefined;
}

function isEntity(object: Data): boolean {
  return textOf(object["apiVersion"]).startsWith("backstage.io/");
}

function refOf(object: Data): string {
  const metadata = dataOf(object["metadata"]);
  return formatRef({ kind: textOf(object["kind"]), namespace: textOf(metadata["namespace"]) || "default", name: textOf(metadata["name"]) });
}

/** Kubernetes' own labels name the component, as the catalogue reads them too. */
function namedBy(object: Data, entities: ReadonlyMap<string, Data>): string | undefined {
  const { labels, annotations } = dataOf(object["metadata"]);
  const names = [
    dataOf(annotations)["backstage.io/kubernetes-id"],
    dataOf(labels)["backstage.io/kubernetes-id"],
    dataOf(labels)["app.kubernetes.io/name"],
  ];
  const name = names.map(textOf).find((one) => one !== "");
  if (name === undefined) return undefined;
  const ref = `component:default/${name.toLowerCase()}`;
  return entities.has(ref) || entities.size === 0 ? ref : undefined;
}

function ownerRef(owner: string): string {
  const ref = owner.includes(":") ? owner : `group:${owner}`;
  return (ref.includes("/") ? ref : ref.replace(":", ":default/")).toLowerCase();
}

function dataOf(value: unknown): Data {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Data) : {};
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
