import { Button, Checkbox, Modal, Stack, Text, Textarea } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { Undo2 } from "lucide-react";
import { useState, type ReactNode } from "react";

import { rollBack } from "@roadbed/contracts/delivery/promotions";
import { useAct } from "../../api/use-operation.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { shortRef } from "../../ui/entity-kind.ts";

/** Back to the release before, at once. */
export function RollBack({ entityRef, environment }: { readonly entityRef: string; readonly environment: string }): ReactNode {
  const [opened, setOpened] = useState(false);
  const [reason, setReason] = useState("");
  const [accept, setAccept] = useState(false);
  const navigate = useNavigate();
  const act = useAct(rollBack, { onDone: ({ id }) => void navigate({ to: "/promotions/$id", params: { id } }) });
  const isIrreversible = act.error?.message.includes("cannot be taken back") === true;
  return (
    <>
      <Button variant="default" leftSection={<Undo2 size={14} aria-hidden />} onClick={() => setOpened(true)}>
        Roll back…
      </Button>
      <Modal opened={opened} onClose={() => setOpened(false)} title={`Bring ${shortRef(entityRef)} in ${environment} back`}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            act.mutate({ entityRef, environment, reason: reason.trim(), ...(accept && { acceptIrreversible: true }) });
          }}
        >
          <Stack gap="sm">
            <Text size="sm">
              The release that was there before comes back at once, by a commit on the environment's branch. Nothing comes there by itself
              until somebody lifts the hold.
            </Text>
            <Textarea
              label="Reason"
              autosize
              minRows={2}
              maxLength={1_000}
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
              data-autofocus
            />
            {act.error !== null && <ErrorState error={act.error} />}
            {isIrreversible && (
              <Checkbox
                label="The older release can live with the data as it is now"
                checked={accept}
                onChange={(event) => setAccept(event.currentTarget.checked)}
              />
            )}
            <Button type="submit" color="red" loading={act.isPending} disabled={reason.trim().length < 3 || (isIrreversible && !accept)}>
              Roll back
            </Button>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
