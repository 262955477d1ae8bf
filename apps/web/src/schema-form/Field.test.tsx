import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";

import { Field } from "./Field.tsx";
import type { FormState } from "./form-state.ts";
import type { Schema } from "./schema.ts";

/** A field as the page draws it, in text. */
function draw(schema: Schema, over: Partial<FormState> = {}): string {
  const state: FormState = { values: {}, problems: [], touched: new Set(), onChange() {}, onTouch() {}, ...over };
  return renderToStaticMarkup(
    <QueryClientProvider client={new QueryClient()}>
      <MantineProvider>
        <Field field={{ path: "answer", name: "answer", schema, required: true }} state={state} />
      </MantineProvider>
    </QueryClientProvider>,
  );
}

test("a field that somebody's Backstage draws with code of its own says what it lacks, and takes what is typed by its type", () => {
  const text = draw({ type: "string", title: "Region", description: "Where it runs.", "ui:field": "AcmeRegionPicker" });
  expect(text).toContain("Where it runs. AcmeRegionPicker is a field of its own that is not drawn here: type its value.");
  expect(text).toContain("<input");
  expect(draw({ type: "boolean", "ui:field": "AcmeSwitch" })).toMatch(/type="checkbox"/);
  expect(draw({ type: "object", "ui:field": "AcmeMap" })).toContain("<textarea");
  expect(draw({ type: "object", "ui:field": "AcmeMap" })).toContain("AcmeMap is a field of its own");
});

test("a picker that is drawn says nothing of that", () => {
  const drawn = ["OwnerPicker", "EntityPicker", "MultiEntityPicker", "MyGroupsPicker", "OwnedEntityPicker", "RepoUrlPicker"];
  for (const field of [...drawn, "RepoBranchPicker", "EntityTagsPicker", "EntityNamePicker", "Secret"]) {
    expect(draw({ type: field === "EntityTagsPicker" ? "array" : "string", "ui:field": field }), field).not.toContain("not drawn here");
  }
  expect(draw({ type: "string", "ui:field": "Secret" })).toMatch(/type="password"/);
});

test("what is wrong with it is said where it was touched, as a sentence with its mend", () => {
  const problems = [{ field: "answer", reason: "is needed", mend: "Choose one." }];
  expect(draw({ type: "string", title: "Region" }, { problems })).not.toContain("is needed");
  expect(draw({ type: "string", title: "Region" }, { problems, touched: new Set(["answer"]) })).toContain("Region is needed. Choose one.");
});
