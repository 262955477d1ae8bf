import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";

import { listCaptures, setCapture, type Capture } from "@roadbed/contracts/telemetry/ai";
import { useAct, useOperation } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Section } from "../../ui/Page.tsx";
import { When } from "../../ui/When.tsx";

/** Whose prompts and answers are stored: only those of teams that said so. */
export function Captures(): ReactNode {
  const list = useOperation(listCaptures, { limit: 200 });
  const [changing, setChanging] = useState<{ readonly team: string; readonly captures: boolean }>();
  const columns: readonly Column<Capture>[] = [
    ...COLUMNS,
    {
      id: "act",
      header: "",
      cell: ({ team, captures }) => (
        <Button size="compact-xs" variant="default" onClick={() => setChanging({ team, captures: !captures })}>
          {captures ? "Keep no more" : "Keep again"}
        </Button>
      ),
    },
  ];
  return (
    <Section
      title="Prompts and answers that are kept"
      act={
        <Button size="compact-sm" variant="default" onClick={() => setChanging({ team: "", captures: true })}>
          Keep a team's
        </Button>
      }
    >
      {list.error !== null && list.data === undefined ? (
        <ErrorState error={list.error} retry={() => void list.refetch()} />
      ) : (
        <DataTable
          label="Prompts and answers that are kept"
          density="compact"
          columns={columns}
          rows={list.data?.items ?? []}
          rowKey={({ team }) => team}
          loading={list.isPending}
          empty={NONE}
        />
      )}
      <Modal
        opened={changing !== undefined}
        onClose={() => setChanging(undefined)}
        title={changing?.captures === false ? "Keep no more" : "Keep prompts and answers"}
      >
        {changing !== undefined && <Form of={changing} onClose={() => setChanging(undefined)} />}
      </Modal>
    </Section>
  );
}

const NONE = (
  <EmptyState compact title="Nobody's are">
    What people and models say is thrown away at the door, until a team says that its own is to be kept. E-mail addresses and secrets are
    taken out even then.
  </EmptyState>
);

const COLUMNS: readonly Column<Capture>[] = [
  { id: "team", header: "Team", value: ({ team }) => team, cell: ({ team }) => <EntityLink entityRef={team} /> },
  { id: "captures", header: "Kept", value: ({ captures }) => String(captures), cell: ({ captures }) => (captures ? "yes" : "no") },
  { id: "services", header: "Of services", value: ({ services }) => services.length, cell: ({ services }) => services.join(", ") },
  { id: "reason", header: "Why", value: ({ reason }) => reason, cell: ({ reason }) => reason ?? null },
  { id: "at", header: "Since", value: ({ changedAt }) => changedAt, cell: ({ changedAt }) => <When at={changedAt} /> },
];

function Form({
  of,
  onClose,
}: {
  readonly of: { readonly team: string; readonly captures: boolean };
  readonly onClose: () => void;
}): ReactNode {
  const [team, setTeam] = useState(of.team);
  const [reason, setReason] = useState("");
  const act = useAct(setCapture, { onDone: onClose });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    act.mutate({ team: team.trim(), captures: of.captures, ...(reason.trim() !== "" && { reason: reason.trim() }) });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput
          label="Team"
          placeholder="group:default/team-a"
          required
          withAsterisk={false}
          maxLength={200}
          value={team}
          disabled={of.team !== ""}
          onChange={(event) => setTeam(event.currentTarget.value)}
          data-autofocus
        />
        <TextInput label="Why" maxLength={500} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
        <p className="rb-dim" style={{ margin: 0, fontSize: 12.5 }}>
          {of.captures
            ? "From now on the prompts and answers of this team's services are stored, without e-mail addresses and secrets, as long as spans and logs are."
            : "What comes from now on is not stored. What was stored goes when its time is over."}
        </p>
        {act.error !== null && <ErrorState error={act.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={act.isPending} disabled={team.trim() === ""}>
            {of.captures ? "Keep them" : "Keep no more"}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
