import { Button, Checkbox, Select, Switch, TextInput } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { Check, Inbox, X } from "lucide-react";
import { useRef, useState, type ReactNode } from "react";

import { listProposals, type Proposal } from "@roadbed/contracts/catalog/proposals";
import { usePages, useOperation } from "../../api/use-operation.ts";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { AcceptDialog } from "./AcceptDialog.tsx";
import { Decided } from "./Decided.tsx";
import classes from "./discover.module.css";
import { ProposalPanel } from "./ProposalPanel.tsx";
import { ProposalRows } from "./ProposalRows.tsx";
import { RefuseDialog } from "./RefuseDialog.tsx";
import { useDecisions } from "./use-decisions.ts";
import { useRowKeys } from "./use-row-keys.ts";

const route = getRouteApi("/app/discover");
const PAGE_SIZE = 100;

/** The list of proposals: filter, look, choose, decide; by hand or by keyboard. */
export function ProposalsTab({ busy }: { readonly busy: boolean }): ReactNode {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { state = "open", kind, owner, min, q, changed } = search;
  const select = search.select === "" ? undefined : search.select;
  const input = {
    state,
    ...(kind !== undefined && { kind }),
    ...(owner !== undefined && { owner }),
    ...(min !== undefined && { minConfidence: min / 100 }),
    ...(q !== undefined && { text: q }),
    ...(changed === true && { changed: true }),
  };
  const list = usePages(listProposals, { ...input, limit: PAGE_SIZE });
  const facets = useOperation(listProposals, { ...input, limit: 1 }, { keep: true }).data?.facets;
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const decisions = useDecisions(() => setChosen(new Set()));
  const set = (patch: Partial<typeof search>): void => void navigate({ search: (old) => ({ ...old, ...patch }), replace: true });
  const toggle = (id: string): void =>
    setChosen((old) => (old.has(id) ? new Set([...old].filter((one) => one !== id)) : new Set([...old, id])));
  const rows = list.rows;
  const aimed = (id: string | undefined): readonly Proposal[] => {
    const picked = rows.filter((row) => chosen.has(row.id));
    return picked.length > 0 ? picked : rows.filter((row) => row.id === id);
  };
  const frame = useRef<HTMLDivElement>(null);
  useRowKeys(frame, {
    ids: rows.map(({ id }) => id),
    current: select,
    onMove: (id) => set({ select: id }),
    onAccept: (id) => decisions.askAccept(aimed(id)),
    onRefuse: (id) => decisions.askRefuse(aimed(id)),
    onToggle: toggle,
    onEdit: (id) => {
      set({ select: id });
      requestAnimationFrame(() => document.querySelector<HTMLInputElement>("[data-edit-first]")?.focus());
    },
  });
  return (
    <>
      <div className={classes.filters}>
        <Select
          aria-label="State"
          data={[
            { value: "open", label: labelled("Open", facets?.state, "open") },
            { value: "accepted", label: labelled("Accepted", facets?.state, "accepted") },
            { value: "refused", label: labelled("Refused", facets?.state, "refused") },
          ]}
          value={state}
          allowDeselect={false}
          onChange={(value) => set({ state: value === "open" ? undefined : (value as "accepted"), select: undefined })}
          w={140}
        />
        <Select
          aria-label="Kind"
          placeholder="Every kind"
          data={kindsOf(facets?.kind ?? [], kind)}
          value={kind ?? null}
          onChange={(value) => set({ kind: value ?? undefined })}
          clearable
          w={170}
        />
        <Select
          aria-label="Least confidence"
          placeholder="However sure"
          data={[90, 80, 60, 40].map((share) => ({ value: String(share), label: `${share} % or surer` }))}
          value={min === undefined ? null : String(min)}
          onChange={(value) => set({ min: value === null ? undefined : Number(value) })}
          clearable
          w={160}
        />
        <TextInput
          aria-label="Find"
          placeholder="Find a name or a reason"
          defaultValue={q ?? ""}
          onChange={(event) => set({ q: event.currentTarget.value || undefined })}
          w={220}
        />
        <Switch
          label="Without owner"
          checked={owner === "unknown"}
          onChange={(event) => set({ owner: event.currentTarget.checked ? "unknown" : undefined })}
        />
        {state === "accepted" && (
          <Switch
            label="With news"
            checked={changed === true}
            onChange={(event) => set({ changed: event.currentTarget.checked || undefined })}
          />
        )}
      </div>
      <Decided outcome={decisions.outcome} error={decisions.error} onClose={decisions.forget} />
      <div className={classes.columns} data-beside={select !== undefined}>
        <div ref={frame}>
          {rows.length > 0 && (
            <div className={classes.bulk}>
              <Checkbox
                aria-label="Choose all that are shown"
                checked={chosen.size > 0 && rows.every(({ id }) => chosen.has(id))}
                indeterminate={chosen.size > 0 && !rows.every(({ id }) => chosen.has(id))}
                onChange={(event) => setChosen(event.currentTarget.checked ? new Set(rows.map(({ id }) => id)) : new Set())}
              />
              <span className="rb-dim">{chosen.size === 0 ? `${list.total ?? rows.length} in all` : `${chosen.size} chosen`}</span>
              {state !== "refused" && (
                <Button
                  size="xs"
                  leftSection={<Check size={14} aria-hidden />}
                  disabled={chosen.size === 0}
                  onClick={() => decisions.askAccept(aimed(undefined))}
                >
                  Accept
                </Button>
              )}
              {state === "open" && (
                <Button
                  size="xs"
                  variant="default"
                  leftSection={<X size={14} aria-hidden />}
                  disabled={chosen.size === 0}
                  onClick={() => decisions.askRefuse(aimed(undefined))}
                >
                  Refuse
                </Button>
              )}
              {state === "refused" && (
                <Button size="xs" variant="default" disabled={chosen.size === 0} onClick={() => decisions.reopen(aimed(undefined))}>
                  Open again
                </Button>
              )}
              <span className={classes.keys} aria-hidden>
                <kbd>j</kbd> <kbd>k</kbd> move <kbd>x</kbd> choose <kbd>a</kbd> accept <kbd>r</kbd> refuse <kbd>e</kbd> edit
              </span>
            </div>
          )}
          {list.error !== null ? (
            <ErrorState error={list.error} retry={list.retry} />
          ) : list.pending ? (
            <SkeletonRows rows={8} height={44} />
          ) : rows.length === 0 ? (
            <Nothing state={state} busy={busy} filtered={Object.keys(input).length > 1} onClear={() => void navigate({ search: {} })} />
          ) : (
            <>
              <ProposalRows
                rows={rows}
                chosen={chosen}
                current={select}
                onToggle={toggle}
                onSelect={(id) => set({ select: id })}
                stale={list.stale}
              />
              <div className={classes.footer}>
                <LoadMore shown={rows.length} total={list.total} more={list.more} loading={list.loadingMore} />
              </div>
            </>
          )}
        </div>
        {select !== undefined && (
          <ProposalPanel
            id={select}
            onClose={() => set({ select: undefined })}
            onAccept={decisions.askAccept}
            onRefuse={decisions.askRefuse}
          />
        )}
      </div>
      {decisions.accepting !== undefined && (
        <AcceptDialog of={decisions.accepting} sending={decisions.sending} onClose={decisions.close} onAccept={decisions.accept} />
      )}
      {decisions.refusing !== undefined && (
        <RefuseDialog of={decisions.refusing} sending={decisions.sending} onClose={decisions.close} onRefuse={decisions.refuse} />
      )}
    </>
  );
}

function labelled(word: string, facet: readonly { readonly value: string; readonly count: number }[] | undefined, value: string): string {
  const count = facet?.find((one) => one.value === value)?.count;
  return count === undefined ? word : `${word} (${count})`;
}

function Nothing({
  state,
  busy,
  filtered,
  onClear,
}: {
  readonly state: string;
  readonly busy: boolean;
  readonly filtered: boolean;
  readonly onClear: () => void;
}): ReactNode {
  if (busy)
    return (
      <EmptyState icon={Inbox} title="Reading" compact>
        Proposals appear when all repositories are read: only together they say who needs whom.
      </EmptyState>
    );
  if (filtered) {
    return (
      <EmptyState
        icon={Inbox}
        title="Nothing matches"
        act={
          <Button variant="default" onClick={onClear}>
            Show all that are open
          </Button>
        }
      />
    );
  }
  if (state === "open")
    return (
      <EmptyState icon={Inbox} title="Nothing left to decide">
        Read another folder, or read all again later: what is new is proposed, and what you refused stays away.
      </EmptyState>
    );
  return (
    <EmptyState icon={Inbox} title={state === "accepted" ? "Nothing was accepted yet" : "Nothing was refused"}>
      {state === "accepted"
        ? "What you accept becomes an entity, and is watched: a dependency found later is shown here."
        : "What you refuse is kept here, and can be opened again."}
    </EmptyState>
  );
}

/** The kinds there are, and the one that is chosen even where it has none. */
function kindsOf(
  facet: readonly { readonly value: string; readonly count: number }[],
  chosen: string | undefined,
): { value: string; label: string }[] {
  const kinds = facet.map(({ value, count }) => ({ value, label: `${value} (${count})` }));
  return chosen === undefined || kinds.some(({ value }) => value === chosen) ? kinds : [...kinds, { value: chosen, label: chosen }];
}
