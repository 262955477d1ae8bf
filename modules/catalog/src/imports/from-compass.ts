import type { Draft, Drafts, Parsed, Skipped } from "./draft.ts";
import {
  API_VERSION,
  given,
  isObject,
  lifecycleOf,
  linksOf,
  listOf,
  nameOf,
  ownerOf,
  repositoryAnnotation,
  tagsOf,
  textOf,
  UNKNOWN,
  type Record_,
} from "./words.ts";

/** Components of Compass as its configuration files (`compass.yml`) describe them, one per document. */
export function fromCompass(records: readonly Parsed[]): Drafts {
  const drafts: Draft[] = [];
  const skipped: Skipped[] = [];
  const byId = new Map(
    records.flatMap(({ value }) => (isObject(value) && textOf(value.id) !== undefined ? [[textOf(value.id)!, value] as const] : [])),
  );
  let dangling = 0;
  for (const { line, value } of records) {
    const name = isObject(value) ? nameOf(value.name) : undefined;
    if (!isObject(value) || name === undefined) {
      skipped.push({ line, at: "name", reason: "has no name", mend: "Every component of Compass has one." });
      continue;
    }
    const others = listOf(isObject(value.relationships) ? value.relationships.DEPENDS_ON : undefined).map((id) =>
      byId.get(textOf(id) ?? ""),
    );
    dangling += others.filter((other) => other === undefined).length;
    drafts.push({
      line,
      document: documentOf(
        value,
        name,
        others.flatMap((other) => (other ? [refOf(other)] : [])),
      ),
    });
  }
  const notes = dangling === 0 ? [] : [`${dangling} relationships point to components that are not in this file; they were left out.`];
  return { drafts, skipped, notes };
}

function documentOf(value: Record_, name: string, dependsOn: readonly string[]): Record<string, unknown> {
  const fields = isObject(value.fields) ? value.fields : {};
  const links = linksOf(value.links);
  const repository = links.find(({ type }) => type === "repository")?.url;
  const kind = kindOf(value);
  const owner = ownerOf(lastPart(value.ownerId)) ?? UNKNOWN;
  const type = (textOf(value.typeId) ?? "service").toLowerCase();
  const tier = textOf(fields.tier);
  return {
    apiVersion: API_VERSION,
    kind,
    metadata: {
      name,
      ...given("title", textOf(value.name) === name ? undefined : textOf(value.name)),
      ...given("description", textOf(value.description)),
      ...given("tags", tagsOf(value.labels)),
      ...given("links", links),
      ...given("labels", tier === undefined ? {} : { tier }),
      ...given("annotations", {
        ...(textOf(value.id) === undefined ? {} : { "compass.atlassian.com/id": textOf(value.id)! }),
        ...repositoryAnnotation(repository),
      }),
    },
    spec: {
      type,
      owner,
      ...(kind === "Component" ? { lifecycle: lifecycleOf(fields.lifecycle) ?? UNKNOWN } : {}),
      ...given("dependsOn", dependsOn),
      ...given("properties", customFields(value.customFields)),
    },
  };
}

function kindOf(value: Record_): string {
  return /^(?:cloud_resource|data_pipeline|machine_learning_model|capability)$/i.test(textOf(value.typeId) ?? "")
    ? "Resource"
    : "Component";
}

function refOf(value: Record_): string {
  return `${kindOf(value).toLowerCase()}:${nameOf(value.name) ?? UNKNOWN}`;
}

/** `ari:cloud:identity::team/<id>`: the id is all that is known of a team. */
function lastPart(value: unknown): string | undefined {
  return textOf(value)?.split("/").at(-1);
}

function customFields(value: unknown): Record<string, unknown> {
  return Object.fromEntries(
    listOf(value)
      .filter(isObject)
      .flatMap((field) => (textOf(field.name) === undefined ? [] : [[textOf(field.name)!, field.value]])),
  );
}
