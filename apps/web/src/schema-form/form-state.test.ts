import { expect, test } from "vitest";

import { titleOf } from "./form-state.ts";

test.each([
  ["providesApis", "Provides APIs"],
  ["subcomponentOf", "Subcomponent of"],
  ["apiVersion", "API version"],
  ["cloneURL", "CloneURL"],
  ["owner", "Owner"],
  ["url", "URL"],
  ["baseDn", "Base DN"],
  ["bindDn", "Bind DN"],
  ["caCertificate", "CA certificate"],
  ["projectIds", "Project IDs"],
])("%s is called %s", (name, title) => {
  expect(titleOf({ schema: {}, name, path: name, required: false })).toBe(title);
});

test("what the schema says goes first", () => {
  expect(titleOf({ schema: { title: "Whose it is" }, name: "owner", path: "owner", required: false })).toBe("Whose it is");
});
