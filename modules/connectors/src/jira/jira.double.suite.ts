import type { Question, Reply } from "../lib/double.ts";

const basic = `Basic ${Buffer.from("reader@example.com:t0ken").toString("base64")}`;
const lead = { accountId: "a1", displayName: "Ada Lovelace", emailAddress: "Ada@example.com" };
export const projects = [
  { id: "1", key: "ORD", name: "Orders", description: "All about orders", lead },
  { id: "2", key: "OLD", name: "Old things", description: "", lead: { displayName: "Ole Olsen" } },
  ...Array.from({ length: 60 }, (_, n) => ({ id: `9${n}`, key: `P${n}`, name: `Project ${n}` })),
];

/** A double of Jira: the cloud's REST API (v3) with pages by `startAt`, and Data Center's (v2). */
export function answerAsJira({ url, headers, method, body }: Question): Reply {
  const isCloud = url.pathname.startsWith("/rest/api/3/");
  if (headers["authorization"] !== (isCloud ? basic : "Bearer t0ken")) return { status: 401, body: {} };
  const path = url.pathname.replace(/^\/rest\/api\/[23]/, "");
  if (isCloud && path === "/project/search") {
    const [startAt, maxResults] = [Number(url.searchParams.get("startAt")), Number(url.searchParams.get("maxResults"))];
    const values = projects.slice(startAt, startAt + maxResults);
    return { body: { startAt, maxResults, total: projects.length, isLast: startAt + values.length >= projects.length, values } };
  }
  if (!isCloud && path === "/project") return { body: projects };
  if (path === "/project/ORD/components") return { body: [{ name: "intake" }, { name: "api" }] };
  if (path.endsWith("/components")) return { body: [] };
  if (isCloud && method === "POST" && path === "/search/approximate-count") {
    return (JSON.parse(body) as { jql: string }).jql === 'project = "ORD" AND statusCategory != Done'
      ? { body: { count: 42 } }
      : { status: 400, body: {} };
  }
  if (!isCloud && path === "/search") return { body: { total: 7, maxResults: 0, issues: [] } };
  return { status: 404, body: {} };
}
