import { Button, Group, Stack, Switch, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { lockFact, setFact, type Fact } from "@roadbed/contracts/catalog/facts";
import { useAct } from "../api/use-operation.ts";
import { ErrorState } from "../ui/ErrorState.tsx";
import classes from "./facts.module.css";
import { propertyWords } from "./words.ts";
import { ValueInput } from "./ValueInput.tsx";

interface Props {
  readonly entityRef: string;
  readonly fact: Fact;
  readonly onBack: () => void;
  readonly onDone: () => void;
}

/** Sets a field by hand, or holds it whatever the sources say. Says before the act what will be believed. */
export function SetForm({ entityRef, fact, onBack, onDone }: Props): ReactNode {
  const [value, setValue] = useState<unknown>(fact.value);
  const described = fact.winner?.standing === "definition";
  const [lock, setLock] = useState(described || fact.locked);
  const [reason, setReason] = useState("");
  const act = useAct(lock ? lockFact : setFact, { onDone });
  const input = { ref: entityRef, property: fact.property, value, ...(reason.trim() !== "" && { reason: reason.trim() }) };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (value !== undefined && value !== "") act.mutate(input);
      }}
    >
      <Stack gap="xs">
        <ValueInput fact={fact} value={value} set={setValue} label={`Set the ${propertyWords(fact.property)}`} />
        <Switch
          size="sm"
          checked={lock}
          onChange={(event) => setLock(event.currentTarget.checked)}
          label="Hold it, whatever the sources say"
          description={
            !lock && described
              ? "Its descriptor says something and is believed: without a hold your value is only shown beside it."
              : undefined
          }
        />
        <TextInput
          size="sm"
          label="Why"
          placeholder="For those who read the history later"
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        {act.error !== null && <ErrorState error={act.error} />}
        <Group gap={6} justify="flex-end" className={classes.foot}>
          <Button size="compact-sm" variant="default" onClick={onBack}>
            Back
          </Button>
          <Button size="compact-sm" type="submit" loading={act.isPending} disabled={value === undefined || value === ""}>
            {lock ? "Lock" : "Set"}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
