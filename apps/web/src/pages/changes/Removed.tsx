import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { listRemoved, restoreEntity, type Tombstone } from "@roadbed/contracts/catalog/time";
import { useAct, usePages } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { Actor } from "../../ui/Actor.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { When } from "../../ui/When.tsx";
import { tellDone } from "../settings/tell.ts";

/** What was removed in the last 30 days, with the way back. */
export function Removed(): ReactNode {
  const list = usePages(listRemoved, { limit: 100 });
  const [asked, setAsked] = useState<Tombstone>();
  const columns: readonly Column<Tombstone>[] = [
    {
      id: "ref",
      header: "Entity",
      width: "26%",
      cell: ({ ref, title, becameRef }) => (
        <span>
          <EntityLink entityRef={ref} title={title} />
          {becameRef !== undefined && (
            <>
              {" "}
              <span className="rb-dim">now</span> <EntityLink entityRef={becameRef} icon={false} />
            </>
          )}
        </span>
      ),
    },
    { id: "at", header: "Removed", width: "120px", cell: ({ removedAt }) => <When at={removedAt} /> },
    { id: "by", header: "By", width: "140px", cell: ({ actor }) => <Actor of={actor} /> },
    { id: "why", header: "Why", cell: ({ reason }) => <span title={reason}>{reason}</span> },
    { id: "source", header: "Source", width: "16%", cell: ({ sourceName, location }) => <span title={location}>{sourceName}</span> },
    {
      id: "act",
      header: "",
      width: "96px",
      cell: (gone) => (
        <Button size="compact-xs" variant="default" onClick={() => setAsked(gone)} aria-label={`Restore ${gone.ref}`}>
          Restore
        </Button>
      ),
    },
  ];
  if (list.error !== null && list.rows.length === 0) return <ErrorState error={list.error} retry={list.retry} />;
  return (
    <>
      <DataTable
        label="Removed entities"
        columns={columns}
        rows={list.rows}
        rowKey={({ ref }) => ref}
        loading={list.pending}
        empty={
          <EmptyState title="Nothing was removed in the last 30 days">
            An entity is never silently gone: when one is removed, it stands here with who removed it and why, and can be restored.
          </EmptyState>
        }
        footer={<LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />}
      />
      {asked !== undefined && <Restore gone={asked} onClose={() => setAsked(undefined)} />}
    </>
  );
}

function Restore({ gone, onClose }: { readonly gone: Tombstone; readonly onClose: () => void }): ReactNode {
  const [reason, setReason] = useState("");
  const restore = useAct(restoreEntity, {
    onDone: ({ ref, note }) => {
      tellDone(`${ref} is back. ${note}`);
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={`Restore ${gone.ref}?`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          restore.mutate({ ref: gone.ref, ...(reason.trim() !== "" && { reason: reason.trim() }) });
        }}
      >
        <Stack gap="sm">
          <Text size="sm">
            It comes back as it was, with its history. If “{gone.sourceName}” still names it, that source takes it over at its next reading;
            otherwise it is held as it was.
          </Text>
          <TextInput
            label="Why (kept with its history)"
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            data-autofocus
          />
          {restore.error !== null && <ErrorState error={restore.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Leave it
            </Button>
            <Button type="submit" loading={restore.isPending}>
              Restore it
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
