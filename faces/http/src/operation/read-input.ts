import { fieldsOf, InvalidError, unknownFields, unwrap, type Operation, type Problem } from "@roadbed/core";
import type { FastifyRequest } from "fastify";

type Fields = Readonly<Record<string, unknown>>;

/** Prepares, once per operation, how its input is gathered from a request; parsing by the schema comes after. */
export function makeReadInput(operation: Operation): (request: FastifyRequest) => Fields {
  const lists = listFields(operation);
  const byQuery = operation.http.method === "GET" || operation.http.method === "DELETE";

  return (request) => {
    const params = request.params as Fields;
    const query = request.query as Fields;
    const body = readBody(request.body);
    const given = byQuery ? query : body;
    refuseMisplaced(operation, byQuery ? body : query, byQuery);
    const problems = [...unknownFields(operation.input, given), ...contradictions(params, given)];
    if (problems.length > 0) throw new InvalidError(problems.map(({ at, reason }) => `${at}: ${reason}`).join("; "), { problems });
    return { ...(byQuery ? wrapLists(lists, given) : given), ...params };
  };
}

function readBody(body: unknown): Fields {
  if (body === undefined || body === null) return {};
  if (typeof body === "object" && !Array.isArray(body)) return body as Fields;
  throw new InvalidError("The body must be a JSON object.", { mend: "Send the fields of the input as one JSON object." });
}

/** A field in the wrong place would be ignored in silence, which is worse than an error. */
function refuseMisplaced({ http }: Operation, misplaced: Fields, byQuery: boolean): void {
  const names = Object.keys(misplaced);
  if (names.length === 0) return;
  const [wrong, right] = byQuery ? ["the body", "the query"] : ["the query", "the JSON body"];
  throw new InvalidError(`${http.method} ${http.path} takes no fields in ${wrong}.`, {
    problems: names.map((at) => ({ at, reason: `stands in ${wrong}`, mend: `Put it in ${right}.` })),
  });
}

/** What stands in the path need not be said again, and must not be said otherwise. */
function contradictions(params: Fields, given: Fields): Problem[] {
  return Object.keys(params)
    .filter((at) => given[at] !== undefined && given[at] !== params[at])
    .map((at) => ({ at, reason: "differs from the one in the path", mend: "Leave it out: the path says it." }));
}

/** A query cannot tell a list of one from a word. */
function listFields({ input }: Operation): ReadonlySet<string> {
  return new Set(
    Object.entries(fieldsOf(input) ?? {})
      .filter(([, schema]) => schema.def.type !== "pipe" && unwrap(schema).def.type === "array")
      .map(([name]) => name),
  );
}

function wrapLists(lists: ReadonlySet<string>, query: Fields): Fields {
  if (lists.size === 0) return query;
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => [name, lists.has(name) && !Array.isArray(value) ? [value] : value]),
  );
}
