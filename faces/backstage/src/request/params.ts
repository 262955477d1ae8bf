import { InvalidError } from "@roadbed/core";
import type { FastifyRequest } from "@roadbed/http";

/** As the server parses it: a parameter that is repeated is a list. */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

export function queryOf(request: FastifyRequest): Query {
  return request.query as Query;
}

/** A parameter that may be repeated. */
export function texts(query: Query, name: string): string[] {
  const value = query[name];
  if (value === undefined) return [];
  return typeof value === "string" ? [value] : [...value];
}

/** A parameter that may be repeated and holds words joined by commas. */
export function words(query: Query, name: string): string[] {
  return texts(query, name)
    .flatMap((text) => text.split(","))
    .map((word) => word.trim())
    .filter(Boolean);
}

/** A parameter that may be given once. */
export function text(query: Query, name: string): string | undefined {
  const value = query[name];
  if (value !== undefined && typeof value !== "string") throw invalid(name, `Invalid ${name}, it may be given once only`);
  return value;
}

/** A whole number of at least `least`. */
export function integer(query: Query, name: string, least: number): number | undefined {
  const value = text(query, name);
  if (value === undefined) return undefined;
  if (!/^-?\d{1,12}$/.test(value)) throw invalid(name, `Invalid ${name}, expected an integer`);
  const number = Number(value);
  if (number < least) throw invalid(name, `Invalid ${name}, must be ${least === 1 ? "greater than zero" : "zero or greater"}`);
  return number;
}

export function invalid(at: string, message: string): InvalidError {
  return new InvalidError(message, { problems: [{ at, reason: message }] });
}

/** `asc:metadata.name`, as the list of entities takes it. */
export function ordersOf(query: Query): { field: string; order: "asc" | "desc" }[] {
  return texts(query, "order").map((one) => {
    const [, order, field] = /^(asc|desc):(.+)$/.exec(one.trim()) ?? [];
    if (order === undefined || field === undefined) {
      throw invalid("order", `Invalid order parameter "${one}", expected asc or desc, a colon and a field, as in asc:metadata.name`);
    }
    return { field, order: order as "asc" | "desc" };
  });
}

/** `metadata.name,asc`, as the query takes it; ascending where nothing is said. */
export function orderFieldsOf(query: Query): { field: string; order: "asc" | "desc" }[] {
  return texts(query, "orderField").map((one) => {
    const [field = "", order = "asc"] = one.split(",").map((part) => part.trim());
    if (field === "" || (order !== "asc" && order !== "desc")) {
      throw invalid("orderField", `Invalid orderField "${one}", expected a field, a comma and asc or desc, as in metadata.name,asc`);
    }
    return { field, order };
  });
}
