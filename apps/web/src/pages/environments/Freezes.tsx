import { Button, Modal, MultiSelect, NumberInput, Stack, Switch, TextInput } from "@mantine/core";
import { Snowflake } from "lucide-react";
import { useState, type ReactNode } from "react";

import { createFreeze, liftFreeze, listFreezes, type Environment, type Freeze } from "@roadbed/contracts/delivery/environments";
import { useAct, usePages } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { Actor } from "../../ui/Actor.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { FormFoot } from "../../ui/FormFoot.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import type { State } from "../../ui/state.ts";
import { When } from "../../ui/When.tsx";
import classes from "./environments.module.css";
import { durationWords } from "./words.ts";

const STATES: Readonly<Record<Freeze["state"], State>> = {
  "in force": "warn",
  between: "unknown",
  planned: "unknown",
  over: "unknown",
  lifted: "unknown",
};

/** When nothing may be changed: now, later and, when asked for, before. */
export function Freezes({ environments }: { readonly environments: readonly Environment[] }): ReactNode {
  const [past, setPast] = useState(false);
  const [adding, setAdding] = useState(false);
  const list = usePages(listFreezes, { limit: 50, ...(past && { past: true }) });
  return (
    <Section
      title="Freezes"
      act={
        <div className={classes.acts} style={{ margin: 0 }}>
          <Switch size="xs" label="Past ones, too" checked={past} onChange={(event) => setPast(event.currentTarget.checked)} />
          <Button size="xs" variant="default" onClick={() => setAdding(true)}>
            Announce a freeze
          </Button>
        </div>
      }
    >
      {list.error !== null && list.rows.length === 0 ? (
        <ErrorState error={list.error} retry={list.retry} />
      ) : (
        <DataTable
          label="Freezes"
          columns={COLUMNS}
          rows={list.rows}
          rowKey={({ id }) => id}
          loading={list.pending}
          stale={list.stale}
          empty={
            <EmptyState compact icon={Snowflake} title="Nothing is frozen, and nothing will be">
              A freeze holds releases back from environments for a time, once or every Friday afternoon. Releases that are marked as
              hotfixes may pass.
            </EmptyState>
          }
          footer={<LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />}
        />
      )}
      <Modal opened={adding} onClose={() => setAdding(false)} title="Announce a freeze" size="lg">
        <FreezeForm environments={environments} onClose={() => setAdding(false)} />
      </Modal>
    </Section>
  );
}

const COLUMNS: readonly Column<Freeze>[] = [
  {
    id: "title",
    header: "What",
    width: "30%",
    value: ({ title }) => title,
    cell: ({ title, reason }) => (
      <>
        {title} <span className="rb-dim">{reason}</span>
      </>
    ),
  },
  {
    id: "state",
    header: "State",
    width: "110px",
    cell: ({ state, liftedWhy }) => <StateBadge plain word={state} state={STATES[state]} title={liftedWhy} />,
  },
  {
    id: "where",
    header: "Where",
    value: (one) => one.environments.join(", ") || "everywhere",
    cell: (one) => one.environments.join(", ") || "everywhere",
  },
  {
    id: "when",
    header: "When",
    cell: ({ from, until, repeats, next }) =>
      repeats === undefined ? (
        <>
          <When at={from} /> until <When at={until} />
        </>
      ) : (
        <>
          <code>{repeats.cron}</code> {repeats.timeZone}, {durationWords(repeats.minutes)}
          {next !== undefined && (
            <span className="rb-dim">
              {" "}
              next <When at={next.from} />
            </span>
          )}
        </>
      ),
  },
  { id: "hotfixes", header: "Hotfixes", width: "90px", cell: ({ hotfixes }) => (hotfixes ? "may pass" : "wait, too") },
  { id: "by", header: "By", width: "130px", cell: ({ madeBy }) => <Actor of={madeBy} /> },
  { id: "act", header: "", width: "80px", cell: (freeze) => <Lift freeze={freeze} /> },
];

function Lift({ freeze: { id, title, state } }: { readonly freeze: Freeze }): ReactNode {
  const [opened, setOpened] = useState(false);
  const [reason, setReason] = useState("");
  const lift = useAct(liftFreeze, { onDone: () => setOpened(false) });
  if (state === "over" || state === "lifted") return null;
  return (
    <>
      <Button size="compact-xs" variant="default" onClick={() => setOpened(true)}>
        Lift
      </Button>
      <Modal opened={opened} onClose={() => setOpened(false)} title={`Lift ${title}`}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            lift.mutate({ id, reason: reason.trim() });
          }}
        >
          <Stack gap="sm">
            <TextInput
              label="Why"
              required
              minLength={3}
              data-autofocus
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
            />
            <FormFoot
              act="Lift it"
              sending={lift.isPending}
              disabled={reason.trim().length < 3}
              fault={lift.error}
              onClose={() => setOpened(false)}
            />
          </Stack>
        </form>
      </Modal>
    </>
  );
}

function FreezeForm({ environments, onClose }: { readonly environments: readonly Environment[]; readonly onClose: () => void }): ReactNode {
  const [title, setTitle] = useState("");
  const [reason, setReason] = useState("");
  const [where, setWhere] = useState<string[]>([]);
  const [from, setFrom] = useState("");
  const [until, setUntil] = useState("");
  const [hotfixes, setHotfixes] = useState(true);
  const [again, setAgain] = useState(false);
  const [cron, setCron] = useState("0 16 * * 5");
  const [timeZone, setTimeZone] = useState(() => Intl.DateTimeFormat().resolvedOptions().timeZone);
  const [minutes, setMinutes] = useState<number | string>(480);
  const create = useAct(createFreeze, { onDone: onClose });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate({
          title: title.trim(),
          reason: reason.trim(),
          environments: where,
          until: new Date(until).toISOString(),
          ...(from !== "" && { from: new Date(from).toISOString() }),
          hotfixes,
          ...(again && { repeats: { cron: cron.trim(), timeZone: timeZone.trim(), minutes: Number(minutes) } }),
        });
      }}
    >
      <Stack gap="sm">
        <TextInput
          label="Title"
          placeholder="End of the year"
          required
          data-autofocus
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
        />
        <TextInput label="Why" required minLength={3} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
        <MultiSelect
          label="Where"
          placeholder={where.length === 0 ? "Everywhere" : undefined}
          data={environments.map((one) => ({ value: one.name, label: one.title }))}
          value={where}
          onChange={setWhere}
        />
        <div className={classes.two}>
          <TextInput
            type="datetime-local"
            label="From"
            description="Now, if left out"
            value={from}
            onChange={(event) => setFrom(event.currentTarget.value)}
          />
          <TextInput
            type="datetime-local"
            label="Until"
            description="By the clock of this machine"
            required
            value={until}
            onChange={(event) => setUntil(event.currentTarget.value)}
          />
        </div>
        <Switch label="Not all the time, but again and again" checked={again} onChange={(event) => setAgain(event.currentTarget.checked)} />
        {again && (
          <div className={classes.two}>
            <TextInput
              label="Begins"
              description="Minute, hour, day, month, day of the week"
              required
              value={cron}
              onChange={(event) => setCron(event.currentTarget.value)}
            />
            <TextInput label="By the clock of" required value={timeZone} onChange={(event) => setTimeZone(event.currentTarget.value)} />
            <NumberInput label="Minutes each time" min={1} max={44_640} value={minutes} onChange={setMinutes} />
          </div>
        )}
        <Switch
          label="Releases that are marked as hotfixes may pass"
          checked={hotfixes}
          onChange={(event) => setHotfixes(event.currentTarget.checked)}
        />
        <FormFoot
          act="Announce it"
          sending={create.isPending}
          disabled={title.trim() === "" || reason.trim().length < 3 || until === ""}
          fault={create.error}
          onClose={onClose}
        />
      </Stack>
    </form>
  );
}
