import { Button, Modal, MultiSelect, PasswordInput, Select, Stack, TextInput } from "@mantine/core";
import { RadioTower } from "lucide-react";
import { useState, type ReactNode } from "react";

import {
  createSink,
  EMITTED,
  listCdEvents,
  listSinks,
  removeSink,
  type EmittedType,
  type Sink,
} from "@roadbed/contracts/delivery/cdevents";
import { useAct, useOperation, usePages } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { FormFoot } from "../../ui/FormFoot.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { Tag } from "../../ui/Tag.tsx";
import { When } from "../../ui/When.tsx";
import { RECEIVED } from "./columns.tsx";

/** What is told to others of what happens here, and what others tell. */
export function CdEventsPage(): ReactNode {
  const list = usePages(listCdEvents, { limit: 50 });
  return (
    <Page title="CDEvents" state="What happens here is told to others, and what happens elsewhere to us, in the words of cdevents.dev.">
      <Sinks />
      <Section title="What others told">
        {list.error !== null && list.rows.length === 0 ? (
          <ErrorState error={list.error} retry={list.retry} />
        ) : (
          <DataTable
            label="What others told"
            columns={RECEIVED}
            rows={list.rows}
            rowKey={({ id }) => id}
            loading={list.pending}
            stale={list.stale}
            empty={
              <EmptyState icon={RadioTower} title="Nobody told anything yet">
                A pipeline elsewhere posts its events to <code>{`${location.origin}/hooks/cdevents`}</code> with a token that has the scope{" "}
                <code>delivery:write</code>. Its deployments stand on the change calendar and with the entity then.
              </EmptyState>
            }
            footer={<LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />}
          />
        )}
      </Section>
    </Page>
  );
}

function Sinks(): ReactNode {
  const list = useOperation(listSinks, { limit: 100 });
  const remove = useAct(removeSink);
  const [adding, setAdding] = useState(false);
  const columns: readonly Column<Sink>[] = [
    { id: "title", header: "Who", value: ({ title }) => title, cell: ({ title }) => title },
    { id: "target", header: "Where", value: ({ target }) => target, cell: ({ target }) => <code className="rb-mono">{target}</code> },
    {
      id: "types",
      header: "What",
      value: ({ types }) => types.join(", "),
      cell: ({ types }) => (types.length === 0 ? "everything" : types.join(", ")),
    },
    { id: "mode", header: "Form", width: "96px", value: ({ mode }) => mode, cell: ({ mode }) => <Tag>{mode}</Tag> },
    { id: "waiting", header: "Waiting", width: "80px", align: "right", value: ({ waiting }) => waiting, cell: ({ waiting }) => waiting },
    {
      id: "last",
      header: "Sent last",
      value: ({ lastSentAt }) => lastSentAt,
      cell: ({ lastSentAt, lastError }) =>
        lastError === undefined ? (
          lastSentAt === undefined ? (
            "never"
          ) : (
            <When at={lastSentAt} />
          )
        ) : (
          <span data-state="fail">{lastError}</span>
        ),
    },
    {
      id: "acts",
      header: "",
      width: "84px",
      align: "right",
      cell: ({ id, title }) => (
        <Button size="compact-xs" variant="default" aria-label={`Tell ${title} no more`} onClick={() => remove.mutate({ id })}>
          Remove
        </Button>
      ),
    },
  ];
  return (
    <Section
      title="Who is told"
      act={
        <Button size="xs" variant="default" onClick={() => setAdding(true)}>
          Tell somebody
        </Button>
      }
    >
      {remove.error !== null && <ErrorState error={remove.error} />}
      {list.error !== null ? (
        <ErrorState error={list.error} retry={() => void list.refetch()} />
      ) : (
        <DataTable
          label="Who is told"
          columns={columns}
          rows={list.data?.items ?? []}
          rowKey={({ id }) => id}
          loading={list.data === undefined}
          empty={
            <EmptyState compact title="Nobody is told">
              Deployments, changes, environments and incidents are posted to whoever you name.
            </EmptyState>
          }
        />
      )}
      <Modal opened={adding} onClose={() => setAdding(false)} title="Tell somebody of what happens">
        {adding && <SinkForm onClose={() => setAdding(false)} />}
      </Modal>
    </Section>
  );
}

function SinkForm({ onClose }: { readonly onClose: () => void }): ReactNode {
  const [title, setTitle] = useState("");
  const [address, setAddress] = useState("");
  const [secret, setSecret] = useState("");
  const [mode, setMode] = useState<Sink["mode"]>("binary");
  const [types, setTypes] = useState<string[]>([]);
  const act = useAct(createSink, { onDone: onClose });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        act.mutate({
          title: title.trim(),
          address: address.trim(),
          mode,
          types: types as EmittedType[],
          ...(secret !== "" && { secret }),
        });
      }}
    >
      <Stack gap="sm">
        <TextInput label="Who it is" required value={title} onChange={(event) => setTitle(event.currentTarget.value)} data-autofocus />
        <TextInput
          label="Address"
          description="Posted to; it is kept sealed, since it may hold a key"
          placeholder="https://events.example.org/cdevents"
          required
          value={address}
          onChange={(event) => setAddress(event.currentTarget.value)}
        />
        <PasswordInput
          label="Secret"
          description="Signs each delivery in x-roadbed-signature-256"
          value={secret}
          onChange={(event) => setSecret(event.currentTarget.value)}
        />
        <Select
          label="Form of CloudEvents"
          data={[
            { value: "binary", label: "Binary: the event is the body" },
            { value: "structured", label: "Structured: application/cloudevents+json" },
          ]}
          value={mode}
          allowDeselect={false}
          onChange={(value) => setMode(value === "structured" ? "structured" : "binary")}
        />
        <MultiSelect
          label="Only these"
          placeholder={types.length === 0 ? "Everything" : undefined}
          data={[...EMITTED]}
          value={types}
          onChange={setTypes}
          searchable
        />
        <FormFoot
          act="Tell them"
          sending={act.isPending}
          disabled={title.trim() === "" || address.trim() === ""}
          fault={act.error}
          onClose={onClose}
        />
      </Stack>
    </form>
  );
}
