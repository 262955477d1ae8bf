import { Stack } from "@mantine/core";
import type { ReactNode } from "react";

import { Field } from "./Field.tsx";
import { titleOf, type FormState } from "./form-state.ts";
import { fieldsOf, type FieldSpec, type Schema, type Values } from "./schema.ts";

/** A page of a path's form, drawn from its JSON Schema in one column; the server checks, so that no rule is written twice. */
export function SchemaForm({ schema, state }: { readonly schema: Schema; readonly state: FormState }): ReactNode {
  return (
    <Stack gap="md">
      {fieldsOf(schema, state.values).map((field) => (
        <FieldOrGroup key={field.path} field={field} state={state} />
      ))}
    </Stack>
  );
}

function FieldOrGroup({ field, state }: { readonly field: FieldSpec; readonly state: FormState }): ReactNode {
  const { schema, path } = field;
  if (schema["type"] !== "object") return <Field field={field} state={state} />;
  const inner = fieldsOf(schema, (state.values[field.name] ?? {}) as Values).map((one) => ({ ...one, path: `${path}.${one.name}` }));
  return (
    <fieldset style={{ border: 0, borderLeft: "2px solid var(--rb-border)", margin: 0, padding: "0 0 0 16px" }}>
      <legend style={{ padding: 0, fontWeight: 550, fontSize: 14 }}>{titleOf(field)}</legend>
      <Stack gap="sm" mt={6}>
        {inner.map((one) => (
          <Field key={one.path} field={one} state={state} />
        ))}
      </Stack>
    </fieldset>
  );
}
