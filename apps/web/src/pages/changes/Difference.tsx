import { Button, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { diffTime } from "@roadbed/contracts/catalog/time";
import type { OutputOf } from "@roadbed/core";
import { useOperation, usePages } from "../../api/use-operation.ts";
import { formatCount, formatNumber } from "../../format/number.ts";
import { toLocalInput } from "../../format/time.ts";
import { LoadMore } from "../../table/LoadMore.tsx";
import { useActorName } from "../../ui/Actor.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { StateIcon } from "../../ui/StateBadge.tsx";
import { Tag } from "../../ui/Tag.tsx";
import { Values } from "../../ui/Values.tsx";
import { When } from "../../ui/When.tsx";
import type { Change, ChangesSearch } from "./ChangesPage.tsx";
import classes from "./changes.module.css";
import { FilterChip } from "./FilterChip.tsx";
import { capital, nameOfField } from "./sentence.ts";

type Row = OutputOf<typeof diffTime>["items"][number];

const DAY_MS = 86_400_000;
const WORDS = { added: "ok", removed: "warn", changed: "unknown" } as const;

/** The catalogue at two moments: what came, what went, what is different. */
export function Difference({ search, onChange }: { readonly search: ChangesSearch; readonly onChange: Change }): ReactNode {
  const [opened] = useState(() => Date.now());
  const from = search.from ?? new Date(opened - DAY_MS).toISOString();
  const to = search.to ?? new Date(opened).toISOString();
  const asked = { from, to, ...(search.filter !== undefined && { filter: search.filter }) };
  const list = usePages(diffTime, { ...asked, ...(search.change !== undefined && { change: search.change }), limit: 100 });
  const summary = useOperation(diffTime, { ...asked, limit: 1 }, { keep: true });
  const { counts, fields } = summary.data ?? {};
  return (
    <>
      <Moments key={`${from} ${to} ${search.filter}`} from={from} to={to} filter={search.filter} onChange={onChange} />
      <div className={classes.chips}>
        {(["added", "removed", "changed"] as const).map((change) => (
          <FilterChip
            key={change}
            chosen={search.change === change}
            onToggle={() => onChange({ change: search.change === change ? undefined : change })}
          >
            {capital(change)}
            {counts !== undefined && <span className={classes.chipCount}>{formatNumber(counts[change])}</span>}
          </FilterChip>
        ))}
        {fields !== undefined && fields.length > 0 && (
          <span className="rb-dim">
            Most often:{" "}
            {fields
              .slice(0, 3)
              .map(({ field, count }) => `${nameOfField(field)} (${count})`)
              .join(", ")}
          </span>
        )}
      </div>
      {list.error !== null && list.rows.length === 0 ? (
        <ErrorState error={list.error} retry={list.retry} />
      ) : list.pending ? (
        <SkeletonRows rows={8} height={44} />
      ) : list.rows.length === 0 ? (
        <EmptyState title="Nothing is different">Between these two moments nothing came, went or changed for good.</EmptyState>
      ) : (
        <>
          <ol className={classes.list} aria-label="Difference">
            {list.rows.map((row) => (
              <DifferenceRow key={row.ref} row={row} />
            ))}
          </ol>
          <p className="rb-dim">
            <LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />
          </p>
        </>
      )}
    </>
  );
}

function DifferenceRow({ row }: { readonly row: Row }): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const nameOf = useActorName();
  const [last] = row.by;
  return (
    <li className={classes.item}>
      <StateIcon word={WORDS[row.change]} />
      <div className={classes.itemText}>
        <div>
          <EntityLink entityRef={row.ref} title={row.title} /> <Tag>{row.change}</Tag>{" "}
          {row.values.length > 0 && (
            <span className="rb-dim">
              {row.values
                .slice(0, 5)
                .map(({ field }) => nameOfField(field))
                .join(", ")}
            </span>
          )}
        </div>
        {last !== undefined && (
          <div className={classes.itemDetail}>
            by {nameOf(last.actor)} <When at={last.at} />
            {last.reason !== undefined && <> · {last.reason}</>} · {last.source}
            {row.acts > 1 && <> · the last of {formatCount(row.acts, "act")}</>}
          </div>
        )}
        {isOpen && (
          <div className={classes.values}>
            <Values of={row.values} />
          </div>
        )}
      </div>
      <span className={classes.itemAside}>
        {row.change === "changed" && (
          <Button size="compact-xs" variant="default" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? "Hide values" : "Show values"}
          </Button>
        )}
      </span>
    </li>
  );
}

interface MomentsProps {
  readonly from: string;
  readonly to: string;
  readonly filter: string | undefined;
  readonly onChange: Change;
}

function Moments({ from: begin, to: end, filter: given, onChange }: MomentsProps): ReactNode {
  const [from, setFrom] = useState(toLocalInput(new Date(begin)));
  const [to, setTo] = useState(toLocalInput(new Date(end)));
  const [filter, setFilter] = useState(given ?? "");
  const wrong = new Date(from) > new Date(to);
  return (
    <form
      className={`${classes.tools} ${classes.compare}`}
      onSubmit={(event) => {
        event.preventDefault();
        if (wrong) return;
        // A moment that was not touched keeps its milliseconds.
        const exact = (typed: string, old: string): string => (typed === toLocalInput(new Date(old)) ? old : new Date(typed).toISOString());
        onChange({
          from: exact(from, begin),
          to: exact(to, end),
          filter: filter.trim() === "" ? undefined : filter.trim(),
          tab: "difference",
        });
      }}
    >
      <TextInput
        type="datetime-local"
        step={1}
        label="From"
        value={from}
        onChange={(event) => setFrom(event.currentTarget.value)}
        required
        withAsterisk={false}
      />
      <TextInput
        type="datetime-local"
        step={1}
        label="To"
        value={to}
        onChange={(event) => setTo(event.currentTarget.value)}
        error={wrong ? "Must be after the begin" : undefined}
        required
        withAsterisk={false}
      />
      <TextInput
        className={classes.about}
        label="Filter"
        placeholder="kind=component,spec.owner=team-a"
        value={filter}
        onChange={(event) => setFilter(event.currentTarget.value)}
      />
      <Button type="submit" variant="default">
        Compare
      </Button>
    </form>
  );
}
