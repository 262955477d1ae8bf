import { expect, test } from "vitest";

import { readOptions } from "./options.ts";

test("flags win over variables, and a chosen port is remembered as chosen", () => {
  const options = readOptions(["--port", "5000", "--empty"], { ROADBED_PORT: "6000", ROADBED_DATA: "/data" }, "/clone");
  expect(options).toMatchObject({ port: 5000, portChosen: true, dataDir: "/data", empty: true, open: true });
});

test("without anything the defaults stand", () => {
  expect(readOptions([], {}, "/clone")).toMatchObject({
    port: 4400,
    portChosen: false,
    dataDir: "/clone/.roadbed",
    empty: false,
    host: "127.0.0.1",
  });
});

test("a variable or flag that is set to nothing counts as not set", () => {
  const empty = {
    ROADBED_DATA: "",
    ROADBED_PORT: "",
    ROADBED_EMPTY: "",
    ROADBED_PUBLIC_URL: "",
    DATABASE_URL: "",
    ROADBED_OIDC_ISSUER: "",
  };
  expect(readOptions(["--data", ""], empty, "/clone")).toEqual(readOptions([], {}, "/clone"));
});

test("a wrong flag, a wrong port and a half-set sign-on say what is wrong", () => {
  expect(() => readOptions(["--prot", "1"], {}, "/")).toThrow("--prot");
  expect(() => readOptions(["--port", "many"], {}, "/")).toThrow("--port: must be a number");
  expect(() => readOptions(["--port", "99999"], {}, "/")).toThrow("--port: must be at most 65535");
  expect(() => readOptions([], { ROADBED_OIDC_ISSUER: "https://id.example" }, "/")).toThrow("ROADBED_OIDC_CLIENT_ID");
});
