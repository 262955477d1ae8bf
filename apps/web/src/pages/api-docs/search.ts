import type { ApiGroup, ApiOperation } from "@roadbed/contracts/api-document/open-api";

/** The operations in which every word occurs somewhere; a group without any is left out. */
export function searchOperations(groups: readonly ApiGroup[], words: string): readonly ApiGroup[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return groups;
  return groups
    .map((group) => ({
      ...group,
      operations: group.operations.filter((operation) => wanted.every((word) => textOf(operation).includes(word))),
    }))
    .filter(({ operations }) => operations.length > 0);
}

function textOf({ method, path, name, scope, risk, summary, parameters, body }: ApiOperation): string {
  const fields = [...parameters, ...body].filter(({ where }) => where !== "header").map(({ name: field }) => field);
  return [method, path, name, name?.replaceAll(".", "_"), scope, risk, summary, ...fields].join(" ").toLowerCase();
}
