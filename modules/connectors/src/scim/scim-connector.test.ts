import { hasLeft } from "@roadbed/contracts/catalog/people";
import type { Reading } from "@roadbed/contracts/connector";
import { afterAll, expect, test } from "vitest";

import { callWith, createCel, entitiesOf, readAll } from "../lib/connector.suite.ts";
import { openDouble } from "../lib/double.ts";
import { testFaults } from "../lib/faults.suite.ts";
import { scimConnector } from "./scim-connector.ts";
import { answerAsScim, type ScimDirectory } from "./scim.double.suite.ts";

const cel = createCel();
afterAll(() => cel.close());

const directory = (): ScimDirectory => ({
  users: [
    { id: "u1", userName: "ada@example.com", displayName: "Ada Lovelace", mail: "Ada@Example.com" },
    { id: "u2", userName: "ole@example.com", active: false },
    { id: "u3", userName: "ada@example.org", displayName: "Another Ada" },
    { id: "u4", userName: "bo" },
  ],
  groups: [
    { id: "g1", displayName: "Platform Team", members: [{ value: "u1" }, { value: "u2" }, { value: "g2", type: "Group" }] },
    { id: "g2", displayName: "On-call", members: [{ value: "u4" }] },
    { id: "g3", displayName: "Empty", members: [] },
  ],
});

async function readFrom(world: ScimDirectory, settings: object = {}, state: Readonly<Record<string, unknown>> = {}) {
  const double = await openDouble((question) => answerAsScim(world, question));
  try {
    const readings = await readAll(scimConnector, { url: `${double.url}/scim/v2/`, token: "t0ken", ...settings }, callWith(cel, { state }));
    return { readings, asked: double.asked.map(({ url }) => `${url.pathname.replace("/scim/v2", "")}${url.search}`) };
  } finally {
    await double.close();
  }
}

const usersOf = (readings: readonly Reading[]) =>
  entitiesOf(readings)
    .map(({ entity }) => entity)
    .filter(({ kind }) => kind === "User");
const stateOf = (readings: readonly Reading[]) => readings.find((one) => one.type === "state")!.state;

test("people and groups with their nesting; who has left is a user without groups, marked", async () => {
  const { readings } = await readFrom(directory());
  expect(
    entitiesOf(readings).map(({ entity: { kind, metadata, spec } }) => [kind, metadata.name, spec?.["children"] ?? spec?.["memberOf"]]),
  ).toEqual([
    ["Group", "platform-team", ["on-call"]],
    ["Group", "on-call", []],
    ["Group", "empty", []],
    ["User", "ada-example.com", ["platform-team"]],
    ["User", "ole", []],
    ["User", "ada-example.org", []],
    ["User", "bo", ["on-call"]],
  ]);
  const [ada, ole] = usersOf(readings);
  expect(ada).toMatchObject({ spec: { profile: { displayName: "Ada Lovelace", email: "ada@example.com" } } });
  expect(usersOf(readings).filter(hasLeft)).toEqual([ole]);
  expect(ole).toMatchObject({ spec: { profile: { displayName: "Given u2", email: "ole@example.com" } } });
  expect(ole?.metadata.annotations).toEqual({ "roadbed.dev/scim-user": "ole@example.com", "roadbed.dev/active": "false" });
});

test("a provider that gives fewer than were asked for, and groups without members in lists, is read whole", async () => {
  const { readings, asked } = await readFrom({ ...directory(), most: 2, listsWithoutMembers: true }, { groupFilter: 'displayName sw "x"' });
  expect(usersOf(readings)).toHaveLength(4);
  expect(asked.filter((path) => path.startsWith("/Users"))).toEqual(["/Users?startIndex=1&count=100", "/Users?startIndex=3&count=100"]);
  expect(asked).toEqual(
    expect.arrayContaining(["/Groups?startIndex=1&count=20&filter=displayName+sw+%22x%22", "/Groups/g1", "/Groups/g3"]),
  );
  expect(usersOf(readings)[0]?.spec?.["memberOf"]).toEqual(["platform-team"]);
});

test("basic authentication works, and no credentials are told before anything is asked", async () => {
  const { readings } = await readFrom(directory(), { token: undefined, user: "reader", password: "pw", groups: false });
  expect(entitiesOf(readings)).toHaveLength(4);
  await expect(readFrom(directory(), { token: undefined })).rejects.toMatchObject({
    code: "INVALID",
    problems: [{ at: "settings.token" }],
  });
});

test("a group of 20,000 people", async () => {
  const users = Array.from({ length: 20_000 }, (_, n) => ({ id: `u${n}`, userName: `p${n}@example.com` }));
  const everybody = { id: "all", displayName: "Everybody", members: users.map(({ id }) => ({ value: id })) };
  const { readings } = await readFrom({ users, groups: [everybody] }, { pageSize: 1_000 });
  expect(usersOf(readings)).toHaveLength(20_000);
  expect(usersOf(readings).every(({ spec }) => String(spec?.["memberOf"]) === "everybody")).toBe(true);
});

test("people whom the provider names no more are kept as left, and stay so; too many at once are not", async () => {
  const world = directory();
  const first = await readFrom(world);
  world.users.shift();
  const second = await readFrom(world, {}, stateOf(first.readings));
  const left = (readings: readonly Reading[]) =>
    usersOf(readings)
      .filter(hasLeft)
      .map(({ metadata }) => metadata.name);
  expect(left(second.readings)).toEqual(["ole", "ada-example.com"]);
  const third = await readFrom(world, {}, stateOf(second.readings));
  expect(left(third.readings)).toEqual(["ole", "ada-example.com"]);
  expect(left((await readFrom(world, { keepGone: false }, stateOf(second.readings))).readings)).toEqual(["ole"]);
  const many = { users: Array.from({ length: 40 }, (_, n) => ({ id: `u${n}`, userName: `p${n}` })), groups: [] };
  const before = stateOf((await readFrom(many)).readings);
  expect(usersOf((await readFrom({ ...many, users: many.users.slice(0, 20) }, {}, before)).readings)).toHaveLength(20);
});

test("whoever has a name keeps it when they, their group or somebody else is called something else", async () => {
  const world: ScimDirectory = {
    users: [{ id: "u1", userName: "ada@example.com" }],
    groups: [{ id: "g1", displayName: "Storage", members: [] }],
  };
  const before = stateOf((await readFrom(world)).readings);
  world.users = [
    { id: "u2", userName: "ada@example.org" },
    { id: "u1", userName: "ada.king@example.com" },
    { id: "u3", userName: "ada.king@example.net" },
  ];
  world.groups[0]!.displayName = "Data";
  const names = entitiesOf((await readFrom(world, {}, before)).readings).map(({ entity: { metadata } }) => [metadata.name, metadata.title]);
  expect(names).toEqual([
    ["storage", "Data"],
    ["ada-example.org", undefined],
    ["ada", undefined],
    ["ada.king", undefined],
  ]);
});

test("half a list is no list: a reading ends with an error when a provider promises more than it gives", async () => {
  const world = directory();
  const double = await openDouble((question) => {
    const reply = answerAsScim(world, question);
    return question.url.pathname.endsWith("/Users") ? { ...reply, body: { ...(reply.body as object), totalResults: 9 } } : reply;
  });
  await expect(readAll(scimConnector, { url: `${double.url}/scim/v2`, token: "t0ken" }, callWith(cel))).rejects.toMatchObject({
    code: "UNAVAILABLE",
  });
  await double.close();
});

test("an empty directory is answered as that", async () => {
  expect(entitiesOf((await readFrom({ users: [], groups: [] })).readings)).toEqual([]);
});

testFaults(scimConnector, {
  cel,
  settings: (url) => ({ url: `${url}/scim/v2`, token: "t0ken" }),
  answer: (question) => answerAsScim(directory(), question),
});
