import { Textarea, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { formatRef, parseRef } from "@roadbed/contracts/catalog";
import type { Fact } from "@roadbed/contracts/catalog/facts";
import { EntityPicker } from "../schema-form/EntityPicker.tsx";
import { readValue } from "./words.ts";

interface Props {
  readonly fact: Pick<Fact, "property" | "value">;
  readonly value: unknown;
  readonly set: (value: unknown) => void;
  readonly label: string;
}

const OWNER = { "ui:field": "OwnerPicker", "ui:options": { allowArbitraryValues: true } };

/** A group may be named by its bare name; the picker knows whole references. */
function wholeRef(value: unknown): unknown {
  if (typeof value !== "string" || value === "") return value;
  try {
    return formatRef(parseRef(value, { kind: "group" }));
  } catch {
    return value;
  }
}

/** The right input for a field: owners are picked, lists and maps are written as JSON, the rest is text. */
export function ValueInput({ fact, value, set, label }: Props): ReactNode {
  const [text, setText] = useState(() => (typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value)));
  if (fact.property === "spec.owner") {
    return (
      <EntityPicker
        label={label}
        description={undefined}
        error={undefined}
        required
        value={wholeRef(value)}
        set={set}
        onBlur={() => {}}
        schema={OWNER}
      />
    );
  }
  const type = (next: string): void => {
    setText(next);
    // What was text stays text: a version "1.0" is no number.
    set(next === "" ? undefined : typeof fact.value === "string" ? next : readValue(next));
  };
  if (typeof fact.value === "object" && fact.value !== null) {
    return (
      <Textarea
        size="sm"
        label={label}
        description="A list as JSON"
        autosize
        maxRows={6}
        value={text}
        onChange={(event) => type(event.currentTarget.value)}
        data-autofocus
      />
    );
  }
  return <TextInput size="sm" label={label} value={text} onChange={(event) => type(event.currentTarget.value)} data-autofocus />;
}
