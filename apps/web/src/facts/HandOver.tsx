import { Button, Group } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { confirmFact, type Question } from "@roadbed/contracts/catalog/facts";
import { useAct } from "../api/use-operation.ts";
import { ErrorState } from "../ui/ErrorState.tsx";
import { ValueInput } from "./ValueInput.tsx";
import { propertyWords } from "./words.ts";

/** After a no: name what it is, say that it is nobody's, or leave it at the no. */
export function HandOver({ question }: { readonly question: Question }): ReactNode {
  const { ref, property } = question;
  const [value, setValue] = useState<unknown>();
  const act = useAct(confirmFact);
  const isOwner = property === "spec.owner";
  const name = propertyWords(property);
  const answer = (more: { readonly value?: unknown; readonly clear?: boolean }): void =>
    act.mutate({ ref, property, answer: "no", ...more });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (value !== undefined) answer({ value });
      }}
    >
      <ValueInput fact={question} value={value} set={setValue} label={isOwner ? "Who owns it now?" : `What is the ${name} now?`} />
      <Group gap={6} mt={8}>
        <Button size="compact-sm" type="submit" disabled={value === undefined} loading={act.isPending}>
          {isOwner ? "Hand it over" : "Set it"}
        </Button>
        <Button size="compact-sm" variant="default" disabled={act.isPending} onClick={() => answer({ clear: true })}>
          {isOwner ? "Nobody owns it" : "Take it away"}
        </Button>
        <Button size="compact-sm" variant="default" disabled={act.isPending} onClick={() => answer({})}>
          {isOwner ? "I do not know who" : "I do not know"}
        </Button>
      </Group>
      {act.error !== null && <ErrorState error={act.error} />}
    </form>
  );
}
