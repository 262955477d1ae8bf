import type { Question, Reply } from "../lib/double.ts";

/** A double of Opsgenie: it speaks the REST API's protocol, with pages by `paging.next`. */
export function answerAsOpsgenie({ url, headers }: Question): Reply {
  if (headers["authorization"] !== "GenieKey t0ken") return { status: 401, body: { message: "Key format is not valid!" } };
  const path = url.pathname;
  const data = (value: unknown, more: object = {}): Reply => ({ body: { data: value, requestId: "r", took: 0.1, ...more } });
  if (path === "/v1/services") {
    if (url.searchParams.get("offset") === "1") return data([{ id: "s2", name: "Billing", teamId: "t1", tags: ["billing"] }]);
    const next = `https://api.opsgenie.com/v1/services?limit=100&offset=1`;
    return data([{ id: "s1", name: "Orders", teamId: "t1", tags: [] }], { paging: { first: next, next } });
  }
  if (path === "/v2/teams")
    return data([
      { id: "t1", name: "Ops Team" },
      { id: "t2", name: "Idle" },
    ]);
  if (path === "/v2/users") return data([{ id: "u1", username: "ada@example.com", fullName: "Ada Lovelace" }]);
  if (path === "/v2/schedules") {
    return data([
      { id: "c1", name: "Primary", enabled: true, ownerTeam: { id: "t1", name: "Ops Team" } },
      { id: "c2", name: "Off", enabled: false, ownerTeam: { id: "t1", name: "Ops Team" } },
    ]);
  }
  if (path === "/v2/schedules/c1/on-calls") {
    return data({
      _parent: { id: "c1", name: "Primary", enabled: true },
      onCallParticipants: [
        { id: "u1", name: "ada@example.com", type: "user" },
        {
          id: "e1",
          name: "Escalation",
          type: "escalation",
          onCallParticipants: [
            { id: "u2", name: "ole@example.com", type: "user", escalationTime: 0, notifyType: "default" },
            { id: "u3", name: "pia@example.com", type: "user", escalationTime: 10, notifyType: "default" },
          ],
        },
      ],
    });
  }
  if (path === "/v2/schedules/c1/timeline") {
    const period = (name: string, startDate: string, endDate: string) => ({
      startDate,
      endDate,
      type: "default",
      recipient: { type: "user", name },
    });
    return data({
      finalTimeline: {
        rotations: [
          {
            periods: [
              period("ada@example.com", "2026-03-10T08:00:00Z", "2026-03-11T08:00:00Z"),
              period("ole@example.com", "2026-03-11T08:00:00Z", "2026-03-12T08:00:00Z"),
            ],
          },
        ],
      },
    });
  }
  return { status: 404, body: {} };
}
