import { Button, Group, Modal, Stack, Text, Textarea } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { abortRollout, holdRollout, resumeRollout, type Rollout } from "@roadbed/contracts/delivery/rollouts";
import { useAct } from "../../api/use-operation.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";

type Act = "resume" | "promote" | "hold" | "abort";

/** What may be done in which state: as the state machine of the server has it. */
const ACTS: Readonly<Record<Rollout["state"], readonly Act[]>> = {
  starting: ["abort"],
  pausing: ["abort", "hold", "promote", "resume"],
  analysing: ["abort", "hold", "promote"],
  held: ["abort", "promote", "resume"],
  promoting: [],
  "rolling-back": [],
  promoted: [],
  "rolled-back": [],
};

const WORDS: Readonly<Record<Act, { readonly label: string; readonly what: string }>> = {
  resume: { label: "Go on", what: "The next step begins now." },
  promote: {
    label: "Promote",
    what: "All steps that are left are passed over: all requests go to the new release, and the one before ends.",
  },
  hold: { label: "Hold", what: "Requests stay split as they are, until somebody goes on or rolls back." },
  abort: { label: "Roll back", what: "All requests go to the release before at once, and the new one ends." },
};

export function RolloutActs({ rollout: { id, state } }: { readonly rollout: Rollout }): ReactNode {
  const [asking, setAsking] = useState<Act | undefined>();
  const [reason, setReason] = useState("");
  const close = (): void => {
    setAsking(undefined);
    setReason("");
  };
  const options = { onDone: close };
  const [resume, hold, abort] = [useAct(resumeRollout, options), useAct(holdRollout, options), useAct(abortRollout, options)];
  const error = resume.error ?? hold.error ?? abort.error;
  const send = (act: Act): void => {
    const input = { id, reason };
    if (act === "hold") hold.mutate(input);
    else if (act === "abort") abort.mutate(input);
    else resume.mutate({ ...input, full: act === "promote" });
  };
  const open = (act: Act): void => {
    for (const one of [resume, hold, abort]) one.reset();
    setAsking(act);
  };
  return (
    <>
      <Group gap="xs">
        {ACTS[state].map((act) => (
          <Button key={act} variant={act === "resume" ? "filled" : "default"} onClick={() => open(act)}>
            {WORDS[act].label}
          </Button>
        ))}
      </Group>
      <Modal opened={asking !== undefined} onClose={close} title={asking === undefined ? "" : WORDS[asking].label}>
        {asking !== undefined && (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              if (reason.trim() !== "") send(asking);
            }}
          >
            <Stack gap="sm">
              <Text size="sm">{WORDS[asking].what}</Text>
              {error !== null && <ErrorState error={error} />}
              <Textarea
                label="Why"
                description="Stands with the rollout, for everybody who may see it."
                required
                autosize
                minRows={2}
                maxLength={1_000}
                value={reason}
                onChange={(event) => setReason(event.currentTarget.value)}
                data-autofocus
              />
              <Group justify="flex-end" gap="xs">
                <Button variant="default" onClick={close}>
                  Leave it
                </Button>
                <Button
                  type="submit"
                  {...(asking === "abort" && { color: "red.9" })}
                  disabled={reason.trim() === ""}
                  loading={resume.isPending || hold.isPending || abort.isPending}
                >
                  {WORDS[asking].label}
                </Button>
              </Group>
            </Stack>
          </form>
        )}
      </Modal>
    </>
  );
}
