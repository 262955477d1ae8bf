import type { Found } from "@roadbed/contracts/connector";
import { afterAll, expect, test } from "vitest";

import { callWith, createCel, entitiesOf, readAll } from "../lib/connector.suite.ts";
import { openDouble } from "../lib/double.ts";
import { testFaults } from "../lib/faults.suite.ts";
import { answerAsJira } from "./jira.double.suite.ts";
import { jiraConnector } from "./jira-connector.ts";

const cel = createCel();
afterAll(() => cel.close());

async function readFrom(settings: object, known: readonly Found[] = []) {
  const double = await openDouble(answerAsJira);
  const find = async (asked: Parameters<ReturnType<typeof callWith>["find"]>[0]) =>
    known.filter(({ ref, annotations }) =>
      "refs" in asked ? asked.refs.includes(ref) : asked.annotations.some((name) => name in annotations),
    );
  const given = { url: double.url, user: "reader@example.com", token: "t0ken", ...settings };
  const readings = await readAll(jiraConnector, given, callWith(cel, { find }));
  await double.close();
  return { readings, asked: double.asked, url: double.url };
}

test("a project adds its lead, components and open issues to what names its key; a project of nobody is told", async () => {
  const { readings, url } = await readFrom({ projects: ["ORD", "OLD"] }, [
    { ref: "component:default/orders", annotations: { "jira/project-key": "ORD" } },
  ]);
  expect(entitiesOf(readings).map(({ match, entity }) => [match?.value, entity.spec])).toEqual([
    [
      "ORD",
      {
        tracker: [
          {
            source: "jira",
            key: "ORD",
            name: "Orders",
            url: `${url}/browse/ORD`,
            lead: "Ada Lovelace",
            leadMail: "ada@example.com",
            components: ["api", "intake"],
            openIssues: 42,
          },
        ],
      },
    ],
    ["OLD", { tracker: [{ source: "jira", key: "OLD", name: "Old things", url: `${url}/browse/OLD`, lead: "Ole Olsen" }] }],
  ]);
  expect(readings.filter(({ type }) => type === "problem")).toMatchObject([
    { at: 'Jira project "Old things"', mend: expect.stringContaining('jira/project-key: "OLD"') },
  ]);
});

test("all pages are read; projects become systems or domains where that is wanted, owned by their leads", async () => {
  const { readings, asked } = await readFrom({ define: "systems", counts: false });
  const defined = entitiesOf(readings).filter(({ mode }) => mode === "define");
  expect(defined).toHaveLength(62);
  expect(defined[0]?.entity).toMatchObject({
    kind: "System",
    metadata: { name: "ord", title: "Orders", annotations: { "jira/project-key": "ORD" } },
    spec: { owner: "user:default/ada" },
  });
  expect(defined[1]?.entity.spec).toEqual({ owner: "group:default/unowned" });
  expect(asked.filter(({ url }) => url.pathname.endsWith("/project/search")).map(({ url }) => url.searchParams.get("startAt"))).toEqual([
    "0",
    "50",
  ]);
  expect(asked.some(({ method }) => method === "POST")).toBe(false);
  expect(readings.some(({ type }) => type === "problem")).toBe(false);
});

test("Data Center is asked by its own API, with a bearer token", async () => {
  const { readings } = await readFrom({ edition: "data-center", user: undefined, projects: ["ORD"] });
  expect(entitiesOf(readings)[0]?.entity.spec?.["tracker"]).toMatchObject([{ key: "ORD", openIssues: 7 }]);
});

test("the cloud wants to know whose token it is", async () => {
  await expect(readFrom({ user: undefined })).rejects.toMatchObject({ code: "INVALID", problems: [{ at: "settings.user" }] });
});

testFaults(jiraConnector, { cel, settings: (url) => ({ url, user: "reader@example.com", token: "t0ken" }), answer: answerAsJira });
