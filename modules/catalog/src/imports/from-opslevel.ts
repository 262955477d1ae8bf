import type { Draft, Drafts, Parsed, Skipped } from "./draft.ts";
import { API_VERSION, given, isObject, lifecycleOf, linksOf, listOf, nameOf, ownerOf, textOf, UNKNOWN, type Record_ } from "./words.ts";

/** Services of OpsLevel as its `opslevel.yml` describes them: a `service`, a `component` or a list of either, per document. */
export function fromOpslevel(records: readonly Parsed[]): Drafts {
  const drafts: Draft[] = [];
  const skipped: Skipped[] = [];
  for (const { line, value } of records) {
    const services = isObject(value)
      ? [value.service, value.component, value.services, value.components].flatMap(listOf).filter(isObject)
      : [];
    if (services.length === 0) {
      const isRepository = isObject(value) && isObject(value.repository);
      skipped.push(
        isRepository
          ? { line, at: "repository", reason: "describes a repository, which is no entity here", mend: "Import the service it belongs to." }
          : {
              line,
              at: "service",
              reason: "describes no service",
              mend: "A file of OpsLevel holds service, component, or a list of them.",
            },
      );
    }
    for (const service of services) {
      const name = nameOf(service.name) ?? nameOf(listOf(service.aliases)[0]);
      if (name === undefined) skipped.push({ line, at: "service.name", reason: "has no name", mend: "Give it a name." });
      else drafts.push({ line, document: documentOf(service, name) });
    }
  }
  return { drafts, skipped, notes: [] };
}

function documentOf(service: Record_, name: string): Record<string, unknown> {
  const tags = listOf(service.tags).filter(isObject);
  const [repository] = listOf(service.repositories).filter(isObject);
  const provider = textOf(repository?.provider)?.toLowerCase() ?? "github";
  const slug = textOf(repository?.name);
  const properties = {
    ...given("product", textOf(service.product)),
    ...given("language", textOf(service.language)),
    ...given("framework", textOf(service.framework)),
  };
  return {
    apiVersion: API_VERSION,
    kind: "Component",
    metadata: {
      name,
      ...given("title", textOf(service.name) === name ? undefined : textOf(service.name)),
      ...given("description", textOf(service.description)),
      ...given("labels", labelsOf(tags, textOf(service.tier))),
      ...given("links", linksOf(service.tools)),
      ...given("annotations", {
        ...(slug !== undefined && (provider === "github" || provider === "gitlab") ? { [`${provider}.com/project-slug`]: slug } : {}),
        ...given("opslevel.com/aliases", listOf(service.aliases).map(textOf).filter(Boolean).join(",") || undefined),
      }),
    },
    spec: {
      type: textOf(service.type) ?? "service",
      lifecycle: lifecycleOf(service.lifecycle) ?? UNKNOWN,
      owner: ownerOf(isObject(service.owner) ? service.owner.alias : service.owner) ?? UNKNOWN,
      ...given("system", nameOf(service.system)),
      ...given("dependsOn", dependenciesOf(service)),
      ...given("properties", properties),
    },
  };
}

function dependenciesOf(service: Record_): string[] {
  return listOf(service.dependencies).flatMap((one) => {
    const name = nameOf(isObject(one) ? (one.alias ?? one.name) : one);
    return name === undefined ? [] : [`component:${name}`];
  });
}

/** Tags of OpsLevel are pairs: labels with us, as far as their words may be. */
function labelsOf(tags: readonly Record_[], tier: string | undefined): Record<string, string> {
  const pairs = tags.map(({ key, value }) => [nameOf(key), nameOf(value)] as const);
  const labels = pairs.filter((pair): pair is [string, string] => pair[0] !== undefined && pair[1] !== undefined);
  return { ...(tier === undefined ? {} : { tier: nameOf(tier) ?? tier }), ...Object.fromEntries(labels) };
}
