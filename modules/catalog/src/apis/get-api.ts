import type { ApiField, ApiOperation } from "@roadbed/contracts/api-document/open-api";
import { getApi } from "@roadbed/contracts/catalog/docs";
import { handle, NotFoundError, type Handler, type OutputOf } from "@roadbed/core";

import { requireVisible } from "../entity/require-visible.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import type { ApiReader } from "./api-reader.ts";
import { readCurrent } from "./definition-store.ts";
import { partiesOf } from "./parties.ts";

export function makeGetApi(catalogue: Catalogue, reader: ApiReader): Handler {
  return handle(getApi, async (ctx, { ref, operation: wanted }) => {
    const visible = await requireVisible(catalogue, ctx, ref);
    const { definition } = await readCurrent(ctx.sql, ref);
    const { format, document } = await reader.read(definition);
    const operations = document.groups.flatMap(({ name: group, operations: list }) => list.map((operation) => ({ group, operation })));
    const chosen = wanted === undefined ? undefined : operations.find(({ operation }) => idOf(operation) === wanted);
    if (wanted !== undefined && !chosen)
      throw new NotFoundError("operation", `${wanted} of ${ref}`, "Leave it out to see the operations there are.");
    return {
      ref,
      format,
      title: document.title,
      version: document.version,
      operations: operations.map(({ group, operation }) => ({
        id: idOf(operation),
        group,
        method: operation.method,
        path: operation.path,
        summary: operation.summary,
        deprecated: operation.deprecated,
      })),
      ...(chosen ? { details: detailsOf(chosen.operation) } : {}),
      ...partiesOf(catalogue, visible, ref),
    };
  });
}

/** What nothing else in the document is called. */
function idOf({ method, path }: ApiOperation): string {
  return `${method} ${path}`;
}

type Details = NonNullable<OutputOf<typeof getApi>["details"]>;

function detailsOf({ description, parameters, body, responses }: ApiOperation): Details {
  return {
    ...(description === undefined ? {} : { description }),
    parameters: flatten(parameters),
    body: flatten(body),
    answers: responses.map(({ status, description: words, fields }) => ({ status, description: words, fields: flatten(fields) })),
  };
}

/** Fields inside fields, one after the other, each with the way to it. */
function flatten(fields: readonly ApiField[], way = ""): Details["body"] {
  return fields.flatMap(({ name, where, type, required, description, bounds, fields: inner }) => [
    {
      name: way + name,
      where,
      type,
      required,
      ...(description === undefined ? {} : { description }),
      ...(bounds === undefined ? {} : { bounds }),
    },
    ...flatten(inner, `${way}${name}${type.endsWith("[]") ? "[]" : ""}.`),
  ]);
}
