import { Button, Checkbox, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { getRouteApi } from "@tanstack/react-router";
import { CheckCircle2 } from "lucide-react";
import { useState, type ReactNode } from "react";

import { assignOwner, exportOrphans, listOrphans, type Orphan, type OrphanReason } from "@roadbed/contracts/catalog/ownership";
import { client } from "../../api/client.ts";
import { toWords } from "../../api/errors.ts";
import { useAct, useOperation, usePages } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import row from "../../ui/tool-row.module.css";
import { OwnerSelect } from "./OwnerSelect.tsx";
import classes from "./ownership.module.css";

const route = getRouteApi("/app/ownership");

const WORDS: Readonly<Record<OrphanReason, string>> = {
  none: "Names nobody",
  unknown: "Owner not found",
  empty: "Team is empty",
  left: "Owner left",
};

/** What nobody owns, why, and whom to give it to: one by one with a click, or many at once. */
export function OrphansTab(): ReactNode {
  const { reason, kind, q } = route.useSearch();
  const navigate = route.useNavigate();
  const [text] = useDebouncedValue(q ?? "", 150);
  const filter = { ...(kind !== undefined && { kind }), ...(text !== "" && { text }) };
  const pages = usePages(listOrphans, { ...filter, ...(reason !== undefined && { reason }), limit: 50 });
  const summary = useOperation(listOrphans, { ...filter, limit: 1 }, { keep: true });
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [owner, setOwner] = useState<string>();
  const [said, setSaid] = useState<string>();
  const assign = useAct(assignOwner, {
    onDone: (done) => {
      setSaid(done.said);
      setChosen(new Set());
    },
  });
  const search = (more: { reason?: OrphanReason | undefined; kind?: string | undefined; q?: string | undefined }): void =>
    void navigate({ search: (known) => ({ ...known, ...more }), replace: true });
  const refs = pages.rows.map(({ ref }) => ref).filter((ref) => chosen.has(ref));
  const kinds = Object.keys(summary.data?.kinds ?? {}).sort();
  if (pages.error !== null) return <ErrorState error={pages.error} retry={pages.retry} />;
  const toggle = (ref: string): void => {
    const next = new Set(chosen);
    if (!next.delete(ref)) next.add(ref);
    setChosen(next);
  };
  return (
    <>
      <div className={row.tools}>
        {(["none", "unknown", "empty", "left"] as const).map((one) => (
          <button
            key={one}
            type="button"
            className={row.chip}
            aria-pressed={reason === one}
            onClick={() => search({ reason: reason === one ? undefined : one })}
          >
            {WORDS[one]} {summary.data?.counts[one] || ""}
          </button>
        ))}
        {kinds.length > 1 &&
          kinds.map((one) => (
            <button
              key={one}
              type="button"
              className={row.chip}
              aria-pressed={kind === one.toLowerCase()}
              onClick={() => search({ kind: kind === one.toLowerCase() ? undefined : one.toLowerCase() })}
            >
              {one} {summary.data?.kinds[one]}
            </button>
          ))}
        <TextInput
          size="xs"
          w={180}
          aria-label="Find by name"
          placeholder="Find by name"
          value={q ?? ""}
          onChange={(event) => search({ q: event.currentTarget.value === "" ? undefined : event.currentTarget.value })}
        />
        <span className={classes.right}>
          <Button size="xs" variant="default" onClick={() => void saveCsv({ ...filter, ...(reason !== undefined && { reason }) })}>
            Export CSV
          </Button>
        </span>
      </div>
      {refs.length > 0 && (
        <div className={row.tools} role="group" aria-label="Give what is chosen">
          <span>{formatCount(refs.length, "thing")} chosen</span>
          <OwnerSelect label="New owner" placeholder="Give to a team or person" width={240} value={owner} onChange={setOwner} />
          <Button
            size="xs"
            disabled={owner === undefined}
            loading={assign.isPending}
            onClick={() => owner !== undefined && assign.mutate({ owner, refs })}
          >
            Assign
          </Button>
        </div>
      )}
      <p role="status" className={classes.said}>
        {assign.error === null ? said : `${toWords(assign.error).title} ${toWords(assign.error).mend ?? ""}`}
      </p>
      <DataTable
        label="Things without an owner"
        columns={columnsOf({ chosen, toggle, give: (ref, to) => assign.mutate({ owner: to, refs: [ref] }), busy: assign.isPending })}
        rows={pages.rows}
        rowKey={({ ref }) => ref}
        loading={pages.pending}
        stale={pages.stale}
        onSort={() => {}}
        empty={
          <EmptyState icon={CheckCircle2} title={(reason ?? kind ?? q) ? "Nothing fits" : "Everything has an owner who is there"}>
            A thing is listed here when it names no owner, an owner who is not in the catalogue, a team without people, or a person who
            left.
          </EmptyState>
        }
        footer={<LoadMore more={pages.more} loading={pages.loadingMore} shown={pages.rows.length} total={pages.total} />}
      />
    </>
  );
}

interface Acts {
  readonly chosen: ReadonlySet<string>;
  readonly toggle: (ref: string) => void;
  readonly give: (ref: string, to: string) => void;
  readonly busy: boolean;
}

function columnsOf({ chosen, toggle, give, busy }: Acts): readonly Column<Orphan>[] {
  return [
    {
      id: "choose",
      header: "",
      width: "36px",
      sortable: false,
      cell: ({ ref, title }) => (
        <Checkbox size="xs" aria-label={`Choose ${title}`} checked={chosen.has(ref)} onChange={() => toggle(ref)} />
      ),
    },
    { id: "ref", header: "Thing", sortable: false, cell: ({ ref, title }) => <EntityLink entityRef={ref} title={title} /> },
    { id: "reason", header: "Why", width: "26%", sortable: false, cell: ({ said }) => <span title={said}>{said}</span> },
    {
      id: "suggestion",
      header: "Suggested owner",
      width: "28%",
      sortable: false,
      cell: ({ suggestion }) =>
        suggestion === undefined ? (
          <span className="rb-dim">Nothing speaks for anybody</span>
        ) : (
          <span title={suggestion.reasons.join("\n")}>
            <EntityLink entityRef={suggestion.owner} title={suggestion.title} /> <span className="rb-dim">{suggestion.reasons[0]}</span>
          </span>
        ),
    },
    {
      id: "act",
      header: "",
      width: "100px",
      sortable: false,
      cell: ({ ref, title, suggestion }) =>
        suggestion !== undefined && (
          <Button
            size="compact-xs"
            variant="light"
            disabled={busy}
            aria-label={`Assign ${title} to ${suggestion.title}`}
            onClick={() => give(ref, suggestion.owner)}
          >
            Assign
          </Button>
        ),
    },
  ];
}

async function saveCsv(filter: { reason?: OrphanReason; kind?: string; text?: string }): Promise<void> {
  const parts: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await client.call(exportOrphans, { ...filter, ...(cursor !== undefined && { cursor }) });
    parts.push(page.text);
    cursor = page.nextCursor;
    if (cursor === undefined) break;
  }
  const url = URL.createObjectURL(new Blob(parts, { type: "text/csv" }));
  const link = Object.assign(document.createElement("a"), { href: url, download: "without-owner.csv" });
  link.click();
  URL.revokeObjectURL(url);
}
