import { Button, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { cancelRun, type Run } from "@roadbed/contracts/paths";
import { undoRun } from "@roadbed/contracts/paths/undo";
import { useAct } from "../../api/use-operation.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { FormFoot } from "../../ui/FormFoot.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import classes from "./runs.module.css";

const STATES = { done: "ok", remains: "warn", failed: "fail" } as const;

/** What was taken back of what a run made, the last first, and what remains. */
export function UndoSection({ run: { undo, steps } }: { readonly run: Run }): ReactNode {
  if (undo === undefined) return null;
  const { state, why, items } = undo;
  const open = items.filter((item) => item.state !== "done").length;
  return (
    <Section title="Taken back">
      <p>
        {state === "requested" && "Waits for its turn."}
        {state === "running" && "Under way. You may leave: it goes on."}
        {state === "done" && "Everything that the run made is taken back."}
        {state === "partly" && `All but ${open} of ${items.length}: see what remains.`}
        {why !== undefined && <span className="rb-dim"> Because: {why}</span>}
      </p>
      <ul className={classes.undone}>
        {items.map(({ step, state: one, words }) => (
          <li key={step}>
            <StateBadge plain word={one === "done" ? "taken back" : one} state={STATES[one]} />{" "}
            <b>{steps.find(({ id }) => id === step)?.name ?? step}</b> {words}
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** Cancel, or take back: both end in what a run made being removed, which asks first. */
export function UndoButton({ run: { id, status } }: { readonly run: Run }): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const going = status === "queued" || status === "running" || status === "waiting";
  return (
    <>
      <Button variant="default" onClick={() => setOpen(true)}>
        {going ? "Cancel and take back" : "Take back what it made"}
      </Button>
      <Modal opened={isOpen} onClose={() => setOpen(false)} title={going ? "Cancel and take back" : "Take back what it made"}>
        <UndoForm id={id} going={going} onClose={() => setOpen(false)} />
      </Modal>
    </>
  );
}

function UndoForm({ id, going, onClose }: { readonly id: string; readonly going: boolean; readonly onClose: () => void }): ReactNode {
  const [reason, setReason] = useState("");
  const cancel = useAct(cancelRun, { onDone: onClose });
  const undo = useAct(undoRun, { onDone: onClose });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (going) cancel.mutate({ id, undo: true, reason });
        else undo.mutate({ id, reason });
      }}
    >
      <Stack gap="sm">
        <Text size="sm">
          What the run made is removed, the last first. Repositories in which somebody has worked since are archived, not removed. What
          cannot be taken back is listed.
        </Text>
        <TextInput
          label="Why"
          required
          minLength={3}
          data-autofocus
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <FormFoot
          act="Take it back"
          sending={cancel.isPending || undo.isPending}
          disabled={reason.trim().length < 3}
          fault={cancel.error ?? undo.error}
          onClose={onClose}
        />
        {(cancel.error ?? undo.error) !== null && <ErrorState error={(cancel.error ?? undo.error)!} />}
      </Stack>
    </form>
  );
}
