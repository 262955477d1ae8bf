import { expect, test } from "vitest";

import { pickerFilter } from "./picker-filter.ts";

const mine = { me: "user:default/ada", groups: ["group:default/team-a", "group:default/team-b"] };

test("an owner is a group or a user unless the path says which", () => {
  expect(pickerFilter({ "ui:field": "OwnerPicker" })).toBe("kind=group,kind=user");
  expect(pickerFilter({ "ui:field": "OwnerPicker", "ui:options": { allowedKinds: ["Group"] } })).toBe("kind=group");
  expect(pickerFilter({ "ui:field": "OwnerPicker", "ui:options": { catalogFilter: { kind: "Group", "spec.type": "team" } } })).toBe(
    "kind=group,spec.type=team",
  );
});

test("an entity is of the kinds and types that the path allows, and any where it says nothing", () => {
  const filter = { kind: ["Component", "API"], "spec.type": ["service", "website"] };
  expect(pickerFilter({ "ui:field": "EntityPicker", "ui:options": { catalogFilter: filter } })).toBe(
    "kind=component,kind=api,spec.type=service,spec.type=website",
  );
  // What is asked as `{ exists: true }` narrows nothing here: the server checks what was chosen.
  expect(
    pickerFilter({ "ui:field": "EntityPicker", "ui:options": { catalogFilter: { kind: "System", "spec.type": { exists: true } } } }),
  ).toBe("kind=system");
  expect(pickerFilter({ "ui:field": "EntityPicker" })).toBe("");
  // Of several filters an entity fits one: systems are not hidden by a type that only components are to have.
  const either = [{ kind: "Component", "spec.type": "service" }, { kind: "System" }];
  expect(pickerFilter({ "ui:field": "EntityPicker", "ui:options": { catalogFilter: either } })).toBe("kind=component,kind=system");
  expect(pickerFilter({ "ui:field": "EntityPicker", "ui:options": { catalogFilter: [{ "spec.type": "service" }] } })).toBe(
    "spec.type=service",
  );
});

test("one's own groups, and what oneself or they own", () => {
  expect(pickerFilter({ "ui:field": "MyGroupsPicker" }, mine)).toBe("kind=group,relations.hasMember=user:default/ada");
  expect(pickerFilter({ "ui:field": "OwnedEntityPicker", "ui:options": { catalogFilter: { kind: "Component" } } }, mine)).toBe(
    "kind=component,relations.ownedBy=user:default/ada,relations.ownedBy=group:default/team-a,relations.ownedBy=group:default/team-b",
  );
  expect(pickerFilter({ "ui:field": "OwnerPicker" }, mine)).toBe("kind=group,kind=user");
});
