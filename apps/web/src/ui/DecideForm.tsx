import { Button, Group, Textarea } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { ErrorState } from "./ErrorState.tsx";

interface Props {
  readonly onApprove: (reason: string | undefined) => void;
  readonly onRefuse: (reason: string) => void;
  readonly approving: boolean;
  readonly refusing: boolean;
  readonly error: Error | null;
  /** As long as the operation takes it. */
  readonly maxLength: number;
}

/** A yes or a no to what somebody asked for; a no says why. */
export function DecideForm({ onApprove, onRefuse, approving, refusing, error, maxLength }: Props): ReactNode {
  const [text, setText] = useState("");
  const reason = text.trim();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onApprove(reason === "" ? undefined : reason);
      }}
    >
      <Textarea
        size="xs"
        label="Reason"
        description="Needed to refuse; whoever asked reads it."
        autosize
        minRows={1}
        maxLength={maxLength}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Group gap="xs" mt="xs">
        <Button type="submit" size="xs" loading={approving}>
          Approve
        </Button>
        <Button size="xs" variant="default" disabled={reason.length < 3} loading={refusing} onClick={() => onRefuse(reason)}>
          Refuse
        </Button>
      </Group>
      {error !== null && <ErrorState error={error} />}
    </form>
  );
}
