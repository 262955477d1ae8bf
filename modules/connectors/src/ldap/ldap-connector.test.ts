import { hasLeft } from "@roadbed/contracts/catalog/people";
import { ForbiddenError } from "@roadbed/core";
import { afterAll, describe, expect, test } from "vitest";

import { callWith, createCel, entitiesOf, readAll } from "../lib/connector.suite.ts";
import { makeCertificate } from "../lib/test-certificate.suite.ts";
import { ldapConnector } from "./ldap-connector.ts";
import { openLdapDouble, type LdapEntry, type LdapFault } from "./ldap.double.suite.ts";

const cel = createCel();
afterAll(() => cel.close());

const base = "dc=example,dc=com";
const person = (login: string, more: LdapEntry["attributes"] = {}): LdapEntry => ({
  dn: `cn=${login},ou=people,${base}`,
  attributes: {
    objectClass: ["user", "inetOrgPerson"],
    objectCategory: "person",
    sAMAccountName: login,
    uid: login,
    cn: login,
    displayName: `Name of ${login}`,
    mail: `${login}@Example.com`,
    entryUUID: `id-of-${login}`,
    ...more,
  },
});
const group = (name: string, more: LdapEntry["attributes"]): LdapEntry => ({
  dn: `cn=${name},ou=groups,${base}`,
  attributes: { objectClass: ["group", "groupOfNames"], cn: name, description: `About ${name}`, ...more },
});
const dnOf = (login: string): string => person(login).dn;
const root: LdapEntry = { dn: base, attributes: { objectClass: "domain" } };

async function readFrom(
  entries: readonly LdapEntry[],
  settings: object = {},
  o: { fault?: LdapFault; membersAtOnce?: number; tls?: object; signal?: AbortSignal; refuse?: boolean } = {},
) {
  const double = await openLdapDouble([root, ...entries], o);
  const refuse = async (): Promise<string> => {
    throw new ForbiddenError("The host is in a private network.");
  };
  try {
    const given = { url: double.url, baseDn: base, bindDn: "cn=reader", password: "pw", startTls: false, ...settings };
    const call = callWith(cel, { ...(o.signal ? { signal: o.signal } : {}), ...(o.refuse === true ? { addressOf: refuse } : {}) });
    return { readings: await readAll(ldapConnector, given, call), asked: double.asked };
  } finally {
    await double.close();
  }
}

const shown = (readings: Parameters<typeof entitiesOf>[0]) =>
  entitiesOf(readings).map(({ entity: { kind, metadata, spec } }) => [kind, metadata.name, spec?.["children"] ?? spec?.["memberOf"]]);

test("Active Directory: people, groups, nesting from either end, accounts that are switched off as people who left", async () => {
  const { readings } = await readFrom([
    person("ada", { userAccountControl: "512", memberOf: `CN=platform,OU=groups,DC=example,DC=com` }),
    person("ole", { userAccountControl: "514" }),
    group("platform", { member: [dnOf("ole").toUpperCase(), `cn=storage,ou=groups,${base}`] }),
    group("storage", { member: dnOf("ada") }),
  ]);
  expect(shown(readings)).toEqual([
    ["Group", "platform", ["storage"]],
    ["Group", "storage", []],
    ["User", "ada", ["platform", "storage"]],
    ["User", "ole", []],
  ]);
  const users = entitiesOf(readings)
    .map(({ entity }) => entity)
    .filter(({ kind }) => kind === "User");
  expect(users.map(hasLeft)).toEqual([false, true]);
  expect(users[0]).toMatchObject({
    metadata: { annotations: { "roadbed.dev/ldap-user": "ada" } },
    spec: { profile: { displayName: "Name of ada", email: "ada@example.com" } },
  });
  expect(entitiesOf(readings)[2]?.location).toMatch(/^ldap:\/\/127\.0\.0\.1:\d+\/cn=ada,ou=people,dc=example,dc=com$/);
});

test("OpenLDAP: unique members, posix groups, accounts locked for good; own filters and attributes", async () => {
  const entries = [
    person("ada"),
    person("ole", { pwdAccountLockedTime: "000001010000Z" }),
    person("pia", { pwdAccountLockedTime: "20260310120000Z", employeeType: "bot" }),
    group("dba", { objectClass: "groupOfUniqueNames", uniqueMember: [dnOf("ada")] }),
    group("unix", { objectClass: "posixGroup", memberUid: ["ada", "pia"] }),
  ];
  const { readings } = await readFrom(entries, { flavour: "openldap" });
  expect(shown(readings)).toEqual([
    ["Group", "dba", []],
    ["Group", "unix", []],
    ["User", "ada", ["dba", "unix"]],
    ["User", "ole", []],
    ["User", "pia", ["unix"]],
  ]);
  const some = await readFrom(entries, {
    flavour: "openldap",
    groups: false,
    userFilter: "(employeeType=bot)",
    loginAttribute: "cn",
    userBase: `ou=people,${base}`,
  });
  expect(shown(some.readings)).toEqual([["User", "pia", []]]);
  expect(some.asked).toEqual([{ base: `ou=people,${base}`, filter: "(employeeType=bot)", page: 0 }]);
});

test("a large directory is read page by page, and lists of members that come in pieces are put together", async () => {
  const people = Array.from({ length: 25 }, (_, n) => person(`p${n}`));
  const dns = people.map(({ dn }) => dn);
  const everybody = group("all", { member: dns });
  const { readings, asked } = await readFrom([...people, everybody], { pageSize: 10 }, { membersAtOnce: 10 });
  expect(entitiesOf(readings)).toHaveLength(26);
  expect(asked.slice(0, 3).map(({ page }) => page)).toEqual([0, 10, 20]);
  expect(shown(readings).filter(([, , groups]) => String(groups) === "all")).toHaveLength(25);
  expect(asked.at(-1)).toMatchObject({ base: everybody.dn });
});

describe("ldap: a reading ends with an error", () => {
  const entries = Array.from({ length: 25 }, (_, n) => person(`p${n}`));
  const failsWith = (fault: LdapFault) => readFrom(entries, { pageSize: 10 }, { fault });

  test("for wrong credentials, a wrong base, a right that is missing, a limit: each says what to do", async () => {
    await expect(readFrom([], { password: "wrong" })).rejects.toMatchObject({ code: "INVALID", mend: expect.stringContaining("password") });
    await expect(readFrom([], { baseDn: "dc=other" })).rejects.toMatchObject({ code: "INVALID", mend: "Correct the base DN." });
    await expect(failsWith({ at: 1, error: "InsufficientAccessRightsError" })).rejects.toMatchObject({ code: "INVALID" });
    await expect(failsWith({ at: 0, error: "SizeLimitExceededError" })).rejects.toMatchObject({
      code: "INVALID",
      mend: expect.stringContaining("paged"),
    });
  });

  test("when the server fails, is busy, or ends the connection between two pages: it does not go on as nobody", async () => {
    await expect(failsWith({ at: 1, error: "OperationsError" })).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(failsWith({ at: 1, error: "BusyError" })).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(failsWith({ at: 1, what: "end" })).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("when no answer comes in time", async () => {
    await expect(readFrom(entries, {}, { fault: { at: 0, what: "silence" }, signal: AbortSignal.timeout(300) })).rejects.toThrow();
  });

  test("where the server is in a private network that nobody allowed, and where it does not encrypt although it must", async () => {
    await expect(readFrom(entries, {}, { refuse: true })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(readFrom(entries, { startTls: true })).rejects.toThrow();
  });
});

test("nobody at home is answered as that; two bases are two sources", async () => {
  expect(entitiesOf((await readFrom([])).readings)).toEqual([]);
  const target = (baseDn: string) => ldapConnector.targetOf(ldapConnector.settings.parse({ url: "ldaps://dc.example.com", baseDn }));
  expect(target("DC=example, DC=com")).toBe("dc.example.com/dc=example,dc=com");
});

test("a server's certificate is trusted only when the authority is known", async () => {
  const { certificate, key } = makeCertificate();
  const { readings } = await readFrom([person("ada")], { ca: certificate }, { tls: { certificate, key } });
  expect(shown(readings)).toEqual([["User", "ada", []]]);
  const oneLine = certificate.replaceAll("\n", " ");
  expect((await readFrom([person("ada")], { ca: oneLine }, { tls: { certificate, key } })).readings).toHaveLength(2);
  await expect(readFrom([person("ada")], { ca: "none" }, { tls: { certificate, key } })).rejects.toMatchObject({
    problems: [{ at: "settings.ca" }],
  });
  const other = makeCertificate().certificate;
  for (const ca of [undefined, other]) {
    await expect(readFrom([person("ada")], { ca }, { tls: { certificate, key } })).rejects.toMatchObject({
      code: "INVALID",
      mend: expect.stringContaining("certificate"),
    });
  }
});
