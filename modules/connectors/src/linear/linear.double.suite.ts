import type { Question, Reply } from "../lib/double.ts";

export const projects = Array.from({ length: 120 }, (_, n) => ({
  id: `id-${n}`,
  name: `Project ${n}`,
  slugId: `slug${n}`,
  url: `https://linear.app/sample/project/project-${n}-slug${n}`,
  progress: 0.333333,
  targetDate: n === 0 ? "2026-06-30" : null,
  status: { name: "In Progress" },
  lead: n === 0 ? { name: "Ada Lovelace", email: "Ada@example.com" } : null,
}));
export const teams = [{ id: "t1", key: "ENG", name: "Engineering", description: "Builds" }];

/** A double of Linear: it speaks GraphQL over HTTP and gives pages by cursor. */
export function answerAsLinear({ url, headers, body }: Question): Reply {
  if (headers["authorization"] !== "t0ken")
    return { status: 401, body: { errors: [{ message: "no", extensions: { code: "AUTHENTICATION_ERROR" } }] } };
  const { query, variables } = JSON.parse(body) as { query: string; variables: { first: number; after?: string } };
  if (url.pathname !== "/graphql" || !/^query \w+\(/.test(query)) return { status: 400, body: { errors: [{ message: "Syntax error" }] } };
  const [key, all] = query.includes("teams(") ? ["teams", teams] : ["projects", projects];
  const from = variables.after === undefined ? 0 : Number(variables.after);
  const nodes = all.slice(from, from + variables.first);
  const end = from + nodes.length;
  return {
    body: {
      data: { [key as string]: { nodes, pageInfo: { hasNextPage: end < all.length, endCursor: end === from ? null : String(end) } } },
    },
  };
}
