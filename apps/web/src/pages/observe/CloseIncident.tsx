import { Button, Group, Modal, Stack, Textarea } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";

import { closeIncident, type Incident } from "@roadbed/contracts/telemetry";
import { useAct } from "../../api/use-operation.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";

/** Ends an incident with a sentence on what it was. */
export function CloseIncident({ incident, onClose }: { readonly incident: Incident | undefined; readonly onClose: () => void }): ReactNode {
  return (
    <Modal opened={incident !== undefined} onClose={onClose} title="Close the incident">
      {incident !== undefined && <Form key={incident.id} incident={incident} onClose={onClose} />}
    </Modal>
  );
}

function Form({ incident: { id, title, service }, onClose }: { readonly incident: Incident; readonly onClose: () => void }): ReactNode {
  const [summary, setSummary] = useState("");
  const act = useAct(closeIncident, { onDone: onClose });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    act.mutate({ id, ...(summary.trim() !== "" && { summary: summary.trim() }) });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <p style={{ margin: 0 }}>
          <b>{title}</b> <span className="rb-dim">on {service}</span>
        </p>
        <Textarea
          label="What was it, and what mended it?"
          description="A sentence helps whoever meets it next."
          autosize
          minRows={3}
          maxLength={2_000}
          value={summary}
          onChange={(event) => setSummary(event.currentTarget.value)}
          data-autofocus
        />
        {act.error !== null && <ErrorState error={act.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Keep it open
          </Button>
          <Button type="submit" loading={act.isPending}>
            Close the incident
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
