import fc from "fast-check";
import { expect, test } from "vitest";

import { redactInput } from "./redact-input.ts";

const of = (object: Record<string, unknown>, more: object = {}) => redactInput([{ object, ...more }]);

test.each([
  ["a Secret's contents", { kind: "Secret", data: { a: "c2VjcmV0" }, stringData: { b: "hidden" } }],
  ["an environment variable", { spec: { containers: [{ env: [{ name: "DB_PASSWORD", value: "hidden" }] }] } }],
  ["a field by its name", { spec: { adminPassword: "hidden", api_key: "hidden", nested: { token: { value: "hidden" } } } }],
  ["credentials in an address", { spec: { database: "postgres://app:hidden@db:5432/x" } }],
  ["a private key", { data: { tls: "-----BEGIN RSA PRIVATE KEY-----\nhidden\n-----END RSA PRIVATE KEY-----" } }],
])("%s is taken out, and said", (_, object) => {
  const { resources, redacted } = of(object);
  expect(redacted).toBe(true);
  expect(JSON.stringify(resources)).not.toMatch(/hidden|c2VjcmV0/);
});

test("what only names a secret stays, and so does everything else", () => {
  const object = {
    kind: "Deployment",
    spec: {
      env: [
        { name: "TOKEN_FILE", value: "/run/x" },
        { name: "PASSWORD", valueFrom: { secretKeyRef: { name: "db", key: "password" } } },
      ],
      secretName: "tls",
    },
  };
  expect(of(object)).toEqual({ resources: [{ object }], redacted: false });
});

test("what is said to be sensitive is taken out of both sides", () => {
  const { resources, redacted } = of(
    { values: { a: "hidden", list: [1, { b: "hidden" }] } },
    {
      oldObject: { values: { a: "hidden" } },
      sensitive: [
        ["object", "values", "a"],
        ["object", "values", "list", 1],
        ["oldObject", "values", "a"],
        ["object", "no", "such"],
      ],
    },
  );
  expect(redacted).toBe(true);
  expect(JSON.stringify(resources)).not.toContain("hidden");
});

test("whatever it is given, it answers with something of the same shape, and changes nothing of what it was given", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
      const before = JSON.stringify(object);
      const { resources } = of(object);
      expect(JSON.stringify(object)).toBe(before);
      expect(Object.keys(resources[0]!.object)).toEqual(Object.keys(structuredClone(object)));
    }),
  );
});
