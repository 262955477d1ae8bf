import { Button, Group, Modal, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";

import type { Proposal } from "@roadbed/contracts/catalog/proposals";
import { formatCount } from "../../format/number.ts";
import classes from "./discover.module.css";

interface Props {
  readonly of: readonly Proposal[];
  readonly sending: boolean;
  readonly onClose: () => void;
  readonly onRefuse: (rows: readonly Proposal[], reason: string) => void;
}

/** A refusal with its reason, which is shown when the thing is ever asked about again. */
export function RefuseDialog({ of, sending, onClose, onRefuse }: Props): ReactNode {
  const [reason, setReason] = useState("");
  const [only] = of;
  return (
    <Modal
      opened
      onClose={onClose}
      title={of.length === 1 && only !== undefined ? `Refuse ${only.ref}` : `Refuse ${formatCount(of.length, "proposal")}`}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onRefuse(of, reason);
        }}
      >
        <p className={classes.dialogText}>
          It is not proposed again unless something else is found than now. You can open it again at any time.
        </p>
        <TextInput
          label="Why"
          description="May be left out."
          placeholder="Only a tool of the team"
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          data-autofocus
        />
        <Group gap="xs" mt="md">
          <Button type="submit" loading={sending}>
            Refuse
          </Button>
          <Button variant="default" onClick={onClose}>
            Not now
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
