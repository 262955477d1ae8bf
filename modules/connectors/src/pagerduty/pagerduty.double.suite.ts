import type { Question, Reply } from "../lib/double.ts";

/** An account of PagerDuty as its double knows it. */
export interface PagerDutyAccount {
  services: { id: string; name: string; policy: string; keys?: string[] }[];
  /** By policy, with the level and the shift; no times: always. */
  onCalls: { policy: string; level: number; name: string; schedule?: string; start?: string; end?: string }[];
}

/** A double of PagerDuty: it speaks the REST API's protocol (v2) with classic paging and the headers of its limit. */
export function answerAsPagerDuty(account: PagerDutyAccount, { url, headers }: Question): Reply {
  if (headers["authorization"] !== "Token token=t0ken") return { status: 401, body: { error: { message: "Invalid credentials" } } };
  if (!headers["accept"]?.includes("vnd.pagerduty+json;version=2")) return { status: 406, body: {} };
  const limited = { "ratelimit-limit": "960", "ratelimit-remaining": "950", "ratelimit-reset": "30" };
  const page = (key: string, items: readonly unknown[]): Reply => {
    const [offset, limit] = [Number(url.searchParams.get("offset")), Math.min(Number(url.searchParams.get("limit")), 100)];
    const some = items.slice(offset, offset + limit);
    return { headers: limited, body: { [key]: some, limit, offset, more: offset + limit < items.length, total: null } };
  };
  if (url.pathname === "/services") return page("services", account.services.map(serviceOf));
  if (url.pathname === "/oncalls") {
    const wanted = url.searchParams.getAll("escalation_policy_ids[]");
    return page("oncalls", account.onCalls.filter(({ policy }) => wanted.includes(policy)).map(onCallOf));
  }
  return { status: 404, body: {} };
}

function serviceOf({ id, name, policy, keys = [] }: PagerDutyAccount["services"][number]) {
  return {
    id,
    type: "service",
    name,
    summary: name,
    html_url: `https://sample.pagerduty.com/service-directory/${id}`,
    escalation_policy: { id: policy, type: "escalation_policy_reference" },
    integrations: keys.map((key) => ({ id: `I${key}`, type: "events_api_v2_inbound_integration", integration_key: key })),
  };
}

function onCallOf({ policy, level, name, schedule, start = "", end = "" }: PagerDutyAccount["onCalls"][number]) {
  return {
    escalation_policy: { id: policy, type: "escalation_policy_reference", summary: `Policy ${policy}` },
    escalation_level: level,
    schedule: schedule === undefined ? null : { id: "S1", type: "schedule_reference", summary: schedule },
    user: {
      id: "U1",
      type: "user",
      name,
      summary: name,
      email: `${name.split(" ")[0]}@Example.com`,
      html_url: "https://sample.pagerduty.com/users/U1",
    },
    start: start === "" ? null : start,
    end: end === "" ? null : end,
  };
}
