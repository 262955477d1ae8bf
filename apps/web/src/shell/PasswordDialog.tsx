import { Button, Modal, PasswordInput, Stack } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { getMe, setPassword } from "@roadbed/contracts/identity";
import { useAct, useOperation } from "../api/use-operation.ts";
import { ErrorState } from "../ui/ErrorState.tsx";

const MIN_LENGTH = 12;

/** Where the first administrator chooses a password. */
export function PasswordDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  return (
    <Modal opened onClose={onClose} title="Choose a password">
      <PasswordForm onDone={onClose} />
    </Modal>
  );
}

function PasswordForm({ onDone }: { readonly onDone: () => void }): ReactNode {
  const [password, setValue] = useState("");
  const me = useOperation(getMe, {});
  const act = useAct(setPassword, { onDone });
  const short = password.length > 0 && password.length < MIN_LENGTH;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (password.length >= MIN_LENGTH) act.mutate({ password });
      }}
    >
      <Stack gap="sm">
        <PasswordInput
          label="New password"
          description={`At least ${MIN_LENGTH} characters; a sentence is easy to remember.${me.data?.username === undefined ? "" : ` You sign in as ${me.data.username}.`}`}
          autoComplete="new-password"
          value={password}
          onChange={(event) => setValue(event.currentTarget.value)}
          error={short ? `${MIN_LENGTH - password.length} more characters` : undefined}
          data-autofocus
          visibilityToggleButtonProps={{ "aria-label": "Show the password" }}
        />
        {act.error !== null && <ErrorState error={act.error} />}
        <Button type="submit" size="sm" loading={act.isPending} disabled={password.length < MIN_LENGTH}>
          Set password
        </Button>
      </Stack>
    </form>
  );
}
