import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";

interface Props {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly title: string;
  /** What will happen, in words. */
  readonly what: ReactNode;
  /** The name that must be typed. */
  readonly word: string;
  readonly act: string;
  readonly onConfirm: () => void;
}

/** A dangerous act: says what will happen and asks for the name. */
export function Confirm({ opened, onClose, title, what, word, act, onConfirm }: Props): ReactNode {
  const [typed, setTyped] = useState("");
  const close = (): void => {
    setTyped("");
    onClose();
  };
  return (
    <Modal opened={opened} onClose={close} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (typed !== word) return;
          onConfirm();
          close();
        }}
      >
        <Stack gap="sm">
          <Text size="sm">{what}</Text>
          <TextInput
            label={
              <>
                Type <b>{word}</b> to confirm
              </>
            }
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
            data-autofocus
          />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              Keep it
            </Button>
            <Button type="submit" color="red.9" disabled={typed !== word}>
              {act}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
