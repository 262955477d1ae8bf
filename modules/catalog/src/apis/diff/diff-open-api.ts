import { asList, asObject, asText, deref, type Json } from "@roadbed/contracts/api-document/schema";

import type { Report } from "./change.ts";
import { compareSchemas, type Direction } from "./compare-schemas.ts";

const METHODS = ["get", "post", "put", "patch", "delete", "head", "options"] as const;

interface Call {
  /** As the document writes it, e.g. `GET /orders/{id}`. */
  readonly at: string;
  readonly operation: Json;
  readonly parameters: readonly Json[];
}

/** Compares two OpenAPI documents (also Swagger 2) operation by operation. Names of path parameters do not matter. */
export function diffOpenApi(before: Json, after: Json, report: Report): void {
  const [old, now] = [callsOf(before), callsOf(after)];
  for (const [key, call] of old) {
    const other = now.get(key);
    if (other) diffCalls([before, after], call, other, report);
    else report.add(call.operation["deprecated"] === true ? "risky" : "breaking", call.at, goneWords(call));
  }
  for (const [key, { at }] of now) if (!old.has(key)) report.add("safe", at, "is new");
}

function goneWords({ operation }: Call): string {
  return operation["deprecated"] === true ? "is gone; it was deprecated" : "is gone";
}

function callsOf(root: Json): Map<string, Call> {
  const calls = new Map<string, Call>();
  for (const [path, raw] of Object.entries(asObject(root["paths"]))) {
    const item = deref(root, raw);
    for (const method of METHODS) {
      if (item[method] === undefined) continue;
      const operation = asObject(item[method]);
      const parameters = [...asList(item["parameters"]), ...asList(operation["parameters"])].map((parameter) => deref(root, parameter));
      const at = `${method.toUpperCase()} ${path}`;
      calls.set(at.replaceAll(/\{[^}]*\}/g, "{}"), { at, operation, parameters });
    }
  }
  return calls;
}

function diffCalls(roots: readonly [Json, Json], old: Call, now: Call, report: Report): void {
  const { at } = now;
  if (old.operation["deprecated"] !== true && now.operation["deprecated"] === true) report.add("safe", at, "is deprecated now");
  diffParameters(roots, old, now, report);
  diffBodies(roots, old, now, report);
  diffAnswers(roots, old, now, report);
  diffSecurity(roots, old, now, report);
}

function diffParameters(roots: readonly [Json, Json], old: Call, now: Call, report: Report): void {
  const [before, after] = [parametersOf(old), parametersOf(now)];
  for (const [key, parameter] of before) {
    const other = after.get(key);
    const name = wordsOf(parameter);
    if (!other) {
      report.add("risky", now.at, `${name} is gone`);
      continue;
    }
    if (parameter["required"] !== true && other["required"] === true) report.add("breaking", now.at, `${name} is required now`);
    compareSchemas(schemaOf(parameter), schemaOf(other), asText(other["name"]) ?? "", { roots, direction: "in", at: now.at, report });
  }
  for (const [key, parameter] of after) {
    if (before.has(key)) continue;
    const required = parameter["required"] === true;
    report.add(required ? "breaking" : "safe", now.at, `${wordsOf(parameter)} is new${required ? " and required" : ", optional"}`);
  }
}

/** By place and name; parameters in the path by their position, for their names do not matter. */
function parametersOf({ at, parameters }: Call): Map<string, Json> {
  const inPath = [...at.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name);
  return new Map(
    parameters
      .filter((parameter) => parameter["in"] !== "body")
      .map((parameter) => {
        const name = asText(parameter["name"]) ?? "";
        const place = String(parameter["in"]);
        return [
          place === "path" ? `path ${inPath.indexOf(name)}` : `${place} ${place === "header" ? name.toLowerCase() : name}`,
          parameter,
        ];
      }),
  );
}

function wordsOf(parameter: Json): string {
  return `the ${String(parameter["in"])} parameter \`${asText(parameter["name"]) ?? ""}\``;
}

/** Swagger 2 writes the schema's words into the parameter itself. */
function schemaOf(parameter: Json): unknown {
  return parameter["schema"] ?? parameter;
}

function diffBodies(roots: readonly [Json, Json], old: Call, now: Call, report: Report): void {
  const [before, after] = [bodyOf(roots[0], old), bodyOf(roots[1], now)];
  if (!before && !after) return;
  if (!after) return report.add("risky", now.at, "no longer takes a body");
  if (!before) return report.add(after.required ? "breaking" : "safe", now.at, `takes a body now${after.required ? ", required" : ""}`);
  if (!before.required && after.required) report.add("breaking", now.at, "the body is required now");
  diffContents(roots, before.content, after.content, "in", "the body", now.at, report);
}

function bodyOf(root: Json, { operation, parameters }: Call): { readonly required: boolean; readonly content: Json } | undefined {
  const inline = parameters.find((parameter) => parameter["in"] === "body");
  if (inline) return { required: inline["required"] === true, content: { "application/json": inline } };
  if (operation["requestBody"] === undefined) return undefined;
  const body = deref(root, operation["requestBody"]);
  return { required: body["required"] === true, content: asObject(body["content"]) };
}

function diffAnswers(roots: readonly [Json, Json], old: Call, now: Call, report: Report): void {
  const [before, after] = [asObject(old.operation["responses"]), asObject(now.operation["responses"])];
  for (const [status, raw] of Object.entries(before)) {
    if (after[status] === undefined) {
      report.add(status.startsWith("2") ? "breaking" : "risky", now.at, `the answer ${status} is gone`);
      continue;
    }
    const contents = [contentOf(deref(roots[0], raw)), contentOf(deref(roots[1], after[status]))] as const;
    diffContents(roots, contents[0], contents[1], "out", `the answer ${status}`, now.at, report);
  }
  for (const status of Object.keys(after)) {
    if (before[status] === undefined) report.add(status.startsWith("2") ? "risky" : "safe", now.at, `the answer ${status} is new`);
  }
}

function contentOf(response: Json): Json {
  return response["schema"] === undefined ? asObject(response["content"]) : { "application/json": response };
}

function diffContents(
  roots: readonly [Json, Json],
  before: Json,
  after: Json,
  direction: Direction,
  what: string,
  at: string,
  report: Report,
): void {
  for (const [type, media] of Object.entries(before)) {
    const other = after[type];
    if (other === undefined) report.add("breaking", at, `${what} is no longer to be had as ${type}`);
    else compareSchemas(asObject(media)["schema"], asObject(other)["schema"], "", { roots, direction, at, report });
  }
  for (const type of Object.keys(after)) if (before[type] === undefined) report.add("safe", at, `${what} is also to be had as ${type}`);
}

function diffSecurity(roots: readonly [Json, Json], old: Call, now: Call, report: Report): void {
  const [before, after] = [schemesOf(roots[0], old), schemesOf(roots[1], now)];
  if (before.length === 0 && after.length > 0) report.add("breaking", now.at, `needs ${after.join(" or ")} now`);
  else if (before.length > 0 && after.length > 0 && before.some((scheme) => !after.includes(scheme))) {
    report.add("breaking", now.at, `no longer takes ${before.filter((scheme) => !after.includes(scheme)).join(", ")}`);
  }
}

/** Ways to be let in; none when one of them is nothing. */
function schemesOf(root: Json, { operation }: Call): string[] {
  const ways = asList(operation["security"] ?? root["security"]).map((way) => Object.keys(asObject(way)).join(" with "));
  return ways.includes("") ? [] : ways;
}
