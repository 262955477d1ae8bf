import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { proposeFact, type Fact } from "@roadbed/contracts/catalog/facts";
import { useAct } from "../api/use-operation.ts";
import { CopyButton } from "../ui/Copy.tsx";
import { ErrorState } from "../ui/ErrorState.tsx";
import { StateBadge } from "../ui/StateBadge.tsx";
import classes from "./facts.module.css";
import { ValueInput } from "./ValueInput.tsx";
import { propertyWords } from "./words.ts";

interface Props {
  readonly entityRef: string;
  readonly fact: Fact;
  readonly onBack: () => void;
}

/** Changes the descriptor itself: a commit where Roadbed may write, else a patch to take along. */
export function ProposeForm({ entityRef, fact, onBack }: Props): ReactNode {
  const [value, setValue] = useState<unknown>(fact.value);
  const [reason, setReason] = useState("");
  const act = useAct(proposeFact);
  const done = act.data;
  if (done !== undefined) {
    return (
      <Stack gap="xs">
        {done.commit === undefined ? (
          <b>A patch for {done.file}</b>
        ) : (
          <StateBadge word="done" label={`Commit ${done.commit.hash.slice(0, 7)} on ${done.commit.branch} of ${done.commit.repository}`} />
        )}
        <p className={classes.hint}>{done.note}</p>
        <div className={classes.patch}>
          <pre tabIndex={0} aria-label="The patch">
            {done.patch}
          </pre>
          <CopyButton text={done.patch} what="patch" />
        </div>
        <Group justify="flex-end">
          <Button size="compact-sm" variant="default" onClick={onBack}>
            Back
          </Button>
        </Group>
      </Stack>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        act.mutate({ ref: entityRef, property: fact.property, value, ...(reason.trim() !== "" && { reason: reason.trim() }) });
      }}
    >
      <Stack gap="xs">
        <ValueInput fact={fact} value={value} set={setValue} label={`The ${propertyWords(fact.property)} in its descriptor`} />
        <TextInput
          size="sm"
          label="Why"
          placeholder="Goes into the commit"
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        {act.error !== null && <ErrorState error={act.error} />}
        <Group gap={6} justify="flex-end">
          <Button size="compact-sm" variant="default" onClick={onBack}>
            Back
          </Button>
          <Button size="compact-sm" type="submit" loading={act.isPending} disabled={value === undefined || value === ""}>
            Change it
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
