import { Button, Modal, Select, Stack, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { listStrangers, mapName, registerStranger } from "@roadbed/contracts/catalog/graph";
import type { OutputOf } from "@roadbed/core";
import { toWords } from "../../api/errors.ts";
import { useAct, usePages } from "../../api/use-operation.ts";
import { formatNumber } from "../../format/number.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { When } from "../../ui/When.tsx";
import { EntitySelect } from "./EntitySelect.tsx";
import classes from "./graph-page.module.css";

type Stranger = OutputOf<typeof listStrangers>["items"][number];

/** Names that telemetry knows and the catalogue does not: each is registered, mapped, or none of ours. */
export function Strangers(): ReactNode {
  const pages = usePages(listStrangers, { limit: 50 });
  const [chosen, setChosen] = useState<Stranger | undefined>();
  if (pages.error !== null || (!pages.pending && pages.rows.length === 0)) return null;
  return (
    <section aria-label="Seen, but not in the catalogue">
      <h2 className={classes.tableTitle}>Seen, but not in the catalogue</h2>
      <DataTable
        label="Names that belong to no entity"
        columns={columnsOf(setChosen)}
        rows={pages.rows}
        rowKey={({ name }) => name}
        loading={pages.pending}
        onSort={() => {}}
        footer={<LoadMore more={pages.more} loading={pages.loadingMore} shown={pages.rows.length} total={pages.total} />}
      />
      {chosen !== undefined && <Settle stranger={chosen} onClose={() => setChosen(undefined)} />}
    </section>
  );
}

function columnsOf(onChoose: (stranger: Stranger) => void): readonly Column<Stranger>[] {
  return [
    { id: "name", header: "Name in the telemetry", sortable: false, cell: ({ name }) => <b>{name}</b> },
    {
      id: "kind",
      header: "What it is",
      width: "200px",
      sortable: false,
      cell: ({ kind }) => (kind === "service" ? "sends spans itself" : "is called by others"),
    },
    { id: "by", header: "Called by", sortable: false, cell: ({ by }) => by.join(", ") },
    { id: "calls", header: "Calls in 24 h", width: "110px", align: "right", sortable: false, cell: ({ calls }) => formatNumber(calls) },
    { id: "seen", header: "Last seen", width: "120px", sortable: false, cell: ({ lastSeen }) => <When at={lastSeen} /> },
    {
      id: "act",
      header: "",
      width: "130px",
      sortable: false,
      cell: (stranger) => (
        <Button size="compact-xs" variant="light" onClick={() => onChoose(stranger)}>
          Whose is it?
        </Button>
      ),
    },
  ];
}

function Settle({ stranger, onClose }: { readonly stranger: Stranger; readonly onClose: () => void }): ReactNode {
  const { name, guess } = stranger;
  const [ref, setRef] = useState<string | undefined>();
  const [owner, setOwner] = useState<string | undefined>();
  const [type, setType] = useState(guess === "resource" ? "database" : "service");
  const map = useAct(mapName, { onDone: onClose });
  const register = useAct(registerStranger, { onDone: onClose });
  const error = map.error ?? register.error;
  return (
    <Modal opened onClose={onClose} title={`Whose is ${name}?`}>
      <Stack gap="sm">
        <EntitySelect visibleLabel label="An entity that is there" placeholder="Type to find" width="100%" value={ref} onChange={setRef} />
        <Button disabled={ref === undefined} loading={map.isPending} onClick={() => ref !== undefined && map.mutate({ name, ref })}>
          It is this one
        </Button>
        <Select
          label="Or register it as a"
          value={type}
          onChange={(value) => setType(value ?? "service")}
          allowDeselect={false}
          data={guess === "resource" ? ["database", "queue", "cache"] : ["service", "website", "library"]}
        />
        <TextInput
          label="Owner"
          placeholder="group:default/team-a"
          value={owner ?? ""}
          onChange={(event) => setOwner(event.currentTarget.value)}
        />
        <Button
          variant="default"
          disabled={(owner ?? "").trim() === ""}
          loading={register.isPending}
          onClick={() => register.mutate({ name, kind: guess, type, owner: (owner ?? "").trim() })}
        >
          Register it
        </Button>
        <Button variant="subtle" onClick={() => map.mutate({ name, ref: null })}>
          It is none of ours
        </Button>
        {error !== null && <p className={classes.failed}>{toWords(error).title}</p>}
      </Stack>
    </Modal>
  );
}
