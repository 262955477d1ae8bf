import { Pill } from "@mantine/core";
import type { ReactNode } from "react";

import { shortRef } from "../../ui/entity-kind.ts";

/** What calls can be found by, in the address of the page. */
export const CONDITIONS = ["entityRef", "team", "service", "environment", "provider", "model", "prompt", "agent", "session"] as const;
export type Condition = (typeof CONDITIONS)[number];
export type ConditionValues = Readonly<Partial<Record<Condition, string>>>;

/** The conditions out of everything that stands in an address. */
export function conditionsOf(search: Readonly<Record<string, unknown>>): ConditionValues {
  return Object.fromEntries(CONDITIONS.flatMap((key) => (typeof search[key] === "string" ? [[key, search[key]]] : [])));
}

/** The conditions that hold, each to be taken away. */
export function Conditions({ of, onClear }: { readonly of: ConditionValues; readonly onClear: (key: Condition) => void }): ReactNode {
  return CONDITIONS.map((key) => {
    const value = of[key];
    if (value === undefined) return null;
    const words = key === "entityRef" || key === "team" ? shortRef(value) : value;
    return (
      <Pill
        key={key}
        withRemoveButton
        onRemove={() => onClear(key)}
        removeButtonProps={{ "aria-label": `Without ${WORDS[key]} ${words}`, "aria-hidden": false }}
      >
        {WORDS[key]} {words}
      </Pill>
    );
  });
}

const WORDS: Readonly<Record<Condition, string>> = {
  entityRef: "of",
  team: "team",
  service: "service",
  environment: "in",
  provider: "provider",
  model: "model",
  prompt: "prompt",
  agent: "agent",
  session: "session",
};
