import { Button, CloseButton, Modal, PasswordInput, Stack } from "@mantine/core";
import { useSessionStorage } from "@mantine/hooks";
import { KeyRound } from "lucide-react";
import { useState, type ReactNode } from "react";

import { getMe, setPassword } from "@roadbed/contracts/identity";
import { useAct, useOperation } from "../api/use-operation.ts";
import { ErrorState } from "../ui/ErrorState.tsx";
import classes from "./shell.module.css";

const MIN_LENGTH = 12;

/** Asked of the first administrator, who came in by a link that works once. A line, not a wall: the estate can be looked at first. */
export function SetPassword(): ReactNode {
  const [opened, setOpened] = useState(false);
  const [later, setLater] = useSessionStorage({ key: "roadbed.password-later", defaultValue: false });
  if (later) return null;
  return (
    <div className={classes.banner} role="region" aria-label="Reminder">
      <KeyRound size={16} aria-hidden />
      <span>The link that brought you here worked once. Choose a password, so that you can come back.</span>
      <Button onClick={() => setOpened(true)}>Choose a password</Button>
      <CloseButton aria-label="Later" onClick={() => setLater(true)} />
      <Modal opened={opened} onClose={() => setOpened(false)} title="Choose a password">
        <PasswordForm onDone={() => setOpened(false)} />
      </Modal>
    </div>
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
