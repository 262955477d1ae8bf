import { Switch } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import {
  Boxes,
  Braces,
  Database,
  GitCommitHorizontal,
  HeartPulse,
  Lock,
  Megaphone,
  Play,
  Rocket,
  ShieldCheck,
  Siren,
  Users,
  type LucideIcon,
} from "lucide-react";
import { useState, type ReactNode } from "react";

import { listChanges, type Happening, type HappeningSort } from "@roadbed/contracts/catalog/time";
import { useOperation, usePages } from "../../api/use-operation.ts";
import { formatNumber } from "../../format/number.ts";
import { LoadMore } from "../../table/LoadMore.tsx";
import { useActorName } from "../../ui/Actor.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { TimeRange } from "../../ui/TimeRange.tsx";
import { When } from "../../ui/When.tsx";
import { toggle } from "../catalogue/filter.ts";
import { fixedRange, windowOf } from "../../url-state.ts";
import { AboutInput } from "./AboutInput.tsx";
import type { Change, ChangesSearch } from "./ChangesPage.tsx";
import classes from "./changes.module.css";
import { FilterChip } from "./FilterChip.tsx";

const SORTS: readonly { readonly sort: HappeningSort; readonly label: string; readonly icon: LucideIcon }[] = [
  { sort: "entity", label: "Entities", icon: Boxes },
  { sort: "fact", label: "Facts", icon: Lock },
  { sort: "ownership", label: "Owners", icon: Users },
  { sort: "api", label: "APIs", icon: Braces },
  { sort: "announcement", label: "Announcements", icon: Megaphone },
  { sort: "source", label: "Sources", icon: Database },
  { sort: "deployment", label: "Deployments", icon: Rocket },
  { sort: "workload", label: "Workloads", icon: HeartPulse },
  { sort: "push", label: "Pushes", icon: GitCommitHorizontal },
  { sort: "run", label: "Runs", icon: Play },
  { sort: "policy", label: "Policy decisions", icon: ShieldCheck },
  { sort: "incident", label: "Incidents", icon: Siren },
];

/** What happened in a stretch of time, newest first, across the platform. */
export function Timeline({ search, onChange }: { readonly search: ChangesSearch; readonly onChange: Change }): ReactNode {
  const asked = useQuestion(search);
  const list = usePages(listChanges, { ...asked, ...(search.sort !== undefined && { sorts: search.sort as HappeningSort[] }), limit: 100 });
  const all = useOperation(listChanges, { ...asked, limit: 1 }, { keep: true });
  const counts = new Map(all.data?.counts.map(({ sort, count }) => [sort, count]));
  return (
    <>
      <div className={classes.tools}>
        <TimeRange value={search.range} onChange={(range) => onChange({ range })} />
        <AboutInput value={search.about} onChange={(about) => onChange({ about })} />
        <Switch
          label="With what it needs and what needs it"
          checked={search.near === true}
          disabled={search.about === undefined && search.owner === undefined && search.system === undefined}
          title="Name an entity, an owner or a system first"
          onChange={(event) => onChange({ near: event.currentTarget.checked ? true : undefined })}
        />
      </div>
      <div className={classes.chips}>
        {SORTS.map(({ sort, label }) => (
          <FilterChip
            key={sort}
            chosen={search.sort?.includes(sort) === true}
            onToggle={() => onChange({ sort: toggle(search.sort, sort) })}
          >
            {label}
            {counts.has(sort) && <span className={classes.chipCount}>{formatNumber(counts.get(sort)!)}</span>}
          </FilterChip>
        ))}
        {search.owner !== undefined && (
          <FilterChip chosen removable onToggle={() => onChange({ owner: undefined })}>
            Owned by {search.owner}
          </FilterChip>
        )}
        {search.system !== undefined && (
          <FilterChip chosen removable onToggle={() => onChange({ system: undefined })}>
            In {search.system}
          </FilterChip>
        )}
      </div>
      {list.error !== null && list.rows.length === 0 ? (
        <ErrorState error={list.error} retry={list.retry} />
      ) : list.pending ? (
        <SkeletonRows rows={10} height={44} />
      ) : list.rows.length === 0 ? (
        <EmptyState title="Nothing happened in this time">
          Changes of entities, deployments, pushes, runs, policy decisions and incidents stand here. Look at a longer time, or at more
          things.
        </EmptyState>
      ) : (
        <>
          <Rows of={list.rows} />
          <p className="rb-dim">
            <LoadMore shown={list.rows.length} total={undefined} more={list.more} loading={list.loadingMore} />
          </p>
        </>
      )}
    </>
  );
}

/** The stretch stands still while one looks at it: what comes later is one choice away. */
function useQuestion({ range, about, owner, system, near }: ChangesSearch) {
  const [opened] = useState(() => Date.now());
  const { from, to } = windowOf(range ?? "1d", Math.max(opened, 0));
  const minutes = Math.max(1, Math.round((Date.parse(to) - Date.parse(from)) / 60_000));
  return {
    before: to,
    minutes,
    ...(about !== undefined && { refs: about.split(",").map((ref) => ref.trim()) }),
    ...(owner !== undefined && { owner }),
    ...(system !== undefined && { system }),
    ...(near === true && { neighbours: true }),
  };
}

function Rows({ of }: { readonly of: readonly Happening[] }): ReactNode {
  const nameOf = useActorName();
  return (
    <ol className={classes.list} aria-label="What happened">
      {of.map((happening, index) => {
        const { at, sort, actor, text, reason, refs, count, link } = happening;
        const Icon = SORTS.find((one) => one.sort === sort)?.icon ?? Boxes;
        return (
          <li key={`${at} ${sort} ${index}`} className={classes.item}>
            <Icon size={15} aria-hidden />
            <div className={classes.itemText}>
              <div>{link === undefined ? text : <Link to={link as "/"}>{text}</Link>}</div>
              <div className={classes.itemDetail}>
                <span className={classes.refs}>
                  {refs.slice(0, 4).map((ref) => (
                    <EntityLink key={ref} entityRef={ref} />
                  ))}
                  {count > 4 && <span>and {formatNumber(count - 4)} more</span>}
                </span>
                {refs.length > 0 && " · "}
                by {nameOf(actor)}
                {reason !== undefined && <> · {reason}</>}
              </div>
            </div>
            <span className={`${classes.itemAside} rb-dim`}>
              <Link to="/changes" search={{ range: aroundRange(at) }} title="What else happened around this moment">
                <When at={at} />
              </Link>
            </span>
          </li>
        );
      })}
    </ol>
  );
}

/** A quarter of an hour on both sides. */
function aroundRange(at: string): string {
  const ms = Date.parse(at);
  return fixedRange(new Date(ms - 15 * 60_000), new Date(ms + 15 * 60_000));
}
