import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";

import { entityHistory } from "@roadbed/contracts/catalog";
import type { OutputOf } from "@roadbed/core";
import { usePages } from "../../api/use-operation.ts";
import { LoadMore } from "../../table/LoadMore.tsx";
import { useActorName } from "../../ui/Actor.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { partsOf } from "../../ui/entity-kind.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { StateIcon } from "../../ui/StateBadge.tsx";
import { Values } from "../../ui/Values.tsx";
import { When } from "../../ui/When.tsx";
import classes from "../changes/changes.module.css";
import { capital, sentenceOf } from "../changes/sentence.ts";
import type { KnownEntity } from "./use-entity.ts";

type Change = OutputOf<typeof entityHistory>["items"][number];

/** What changed about it, newest first, in sentences; the values on demand. */
export function HistoryTab({ known }: { readonly known: KnownEntity }): ReactNode {
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set());
  const list = usePages(entityHistory, { ref: known.ref, limit: 50, ...(opened.size > 0 && { values: true }) });
  const nameOf = useActorName();
  const toggle = (number: number): void =>
    setOpened((old) => new Set(old.has(number) ? [...old].filter((one) => one !== number) : [...old, number]));
  if (list.error !== null && list.rows.length === 0) return <ErrorState error={list.error} retry={list.retry} />;
  if (list.pending) return <SkeletonRows rows={6} height={44} />;
  if (list.rows.length === 0) {
    return (
      <EmptyState compact title="No change is recorded">
        Changes of the descriptor stand here from the moment Roadbed reads them.
      </EmptyState>
    );
  }
  return (
    <>
      <ol className={classes.list} aria-label="History">
        {list.rows.map((change) => (
          <li key={`${change.number} ${change.at} ${change.change}`} className={classes.item}>
            <StateIcon word={change.change === "removed" ? "warn" : change.change === "registered" ? "ok" : "unknown"} />
            <div className={classes.itemText}>
              <div>
                <span className={classes.actor}>{capital(nameOf(change.actor))}</span> {sentenceOf(change)}
              </div>
              <div className={classes.itemDetail}>
                <When at={change.at} />
                {change.reason !== undefined && <> · {change.reason}</>}
                {change.syncId !== undefined && change.sourceId !== undefined && (
                  <>
                    {" · "}
                    <Link to="/sources/$id" params={{ id: change.sourceId }}>
                      run {change.syncId} of {change.source}
                    </Link>
                  </>
                )}
              </div>
              {opened.has(change.number) && change.change === "changed" && (
                <div className={classes.values}>
                  {change.values === undefined ? <SkeletonRows rows={2} /> : <Values of={change.values} />}
                </div>
              )}
            </div>
            <Acts change={change} known={known} isOpen={opened.has(change.number)} onToggle={() => toggle(change.number)} />
          </li>
        ))}
      </ol>
      <p className="rb-dim">
        <LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />
      </p>
    </>
  );
}

function Acts({
  change,
  known,
  isOpen,
  onToggle,
}: {
  readonly change: Change;
  readonly known: KnownEntity;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}): ReactNode {
  return (
    <span className={classes.itemAside}>
      {change.change === "changed" && (
        <Button size="compact-xs" variant="default" aria-expanded={isOpen} onClick={onToggle}>
          {isOpen ? "Hide values" : "Show values"}
        </Button>
      )}
      {change.change !== "removed" && (
        <Link to="/entities/$kind/$namespace/$name" params={{ ...partsOf(known.ref) }} search={{ asOf: change.at }}>
          As it was then
        </Link>
      )}
    </span>
  );
}
