import { Button, Menu, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";

import { declareRelation, dismissDrift, listDrift, withdrawRelation, type DriftItem } from "@roadbed/contracts/catalog/graph";
import { useAct, usePages, useOperation } from "../../api/use-operation.ts";
import { toWords } from "../../api/errors.ts";
import { formatCount, formatRate } from "../../format/number.ts";
import { labelOfRelation } from "../../graph/relation-style.ts";
import { CodeBlock } from "../../markdown/CodeBlock.tsx";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { shortRef } from "../../ui/entity-kind.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";
import row from "../../ui/tool-row.module.css";
import classes from "./graph-page.module.css";
import { Strangers } from "./Strangers.tsx";

type Finding = DriftItem["finding"];
type Fix = DriftItem["fixes"][number];

interface Props {
  readonly finding: Finding | undefined;
  readonly onFinding: (finding: Finding | undefined) => void;
  readonly days: number | undefined;
  readonly onDays: (days: number | undefined) => void;
}

const DEFAULT_DAYS = 30;
const WINDOWS = [1, 7, 14, 30, 60];

/** What descriptors and traces say differently, with what would settle each. */
export function DriftView({ finding, onFinding, days, onDays }: Props): ReactNode {
  const input = { days: days ?? DEFAULT_DAYS, ...(finding === undefined ? {} : { finding }), limit: 100 };
  const pages = usePages(listDrift, input);
  const summary = useOperation(listDrift, { days: days ?? DEFAULT_DAYS, limit: 1 }, { keep: true });
  const [dismissing, setDismissing] = useState<DriftItem | undefined>();
  const [patch, setPatch] = useState<{ said: string; patch: string } | undefined>();
  const counts = summary.data?.counts;
  return (
    <>
      <div className={row.tools}>
        {(["undeclared", "unseen", "unknown"] as const).map((one) => (
          <button
            key={one}
            type="button"
            className={row.chip}
            aria-pressed={finding === one}
            onClick={() => onFinding(finding === one ? undefined : one)}
          >
            {WORDS[one]} {counts?.[one] ?? ""}
          </button>
        ))}
        <Select
          size="xs"
          w={190}
          aria-label="What counts as never seen"
          allowDeselect={false}
          value={String(days ?? DEFAULT_DAYS)}
          onChange={(value) => onDays(value === String(DEFAULT_DAYS) ? undefined : Number(value))}
          data={WINDOWS.map((value) => ({ value: String(value), label: `Not seen for ${formatCount(value, "day")}` }))}
        />
      </div>
      {pages.error !== null ? (
        <ErrorState error={pages.error} retry={pages.retry} />
      ) : (
        <DataTable
          label="Drift"
          columns={columnsOf({ onDismiss: setDismissing, onPatch: setPatch })}
          rows={pages.rows}
          rowKey={({ finding: what, from, type, to }) => `${what} ${from} ${type} ${to}`}
          loading={pages.pending}
          stale={pages.stale}
          onSort={() => {}}
          empty={<p className="rb-dim">Descriptors and traces say the same, as far as it can be told.</p>}
          footer={<LoadMore more={pages.more} loading={pages.loadingMore} shown={pages.rows.length} total={pages.total} />}
        />
      )}
      {(summary.data?.limits ?? []).map((text) => (
        <p key={text} className="rb-dim">
          {text}
        </p>
      ))}
      <Strangers />
      {dismissing !== undefined && <Dismissal item={dismissing} onClose={() => setDismissing(undefined)} />}
      <Modal opened={patch !== undefined} onClose={() => setPatch(undefined)} title="Write this into the descriptor" size="lg">
        <Stack gap="sm">
          <Text size="sm">{patch?.said}</Text>
          <CodeBlock code={patch?.patch ?? ""} lang="diff" label="The lines to write" />
        </Stack>
      </Modal>
    </>
  );
}

const WORDS: Readonly<Record<Finding, string>> = {
  undeclared: "Seen, not declared",
  unseen: "Declared, not seen",
  unknown: "Cannot be told",
};

interface Acts {
  readonly onDismiss: (item: DriftItem) => void;
  readonly onPatch: (patch: { said: string; patch: string }) => void;
}

function columnsOf(acts: Acts): readonly Column<DriftItem>[] {
  return [
    { id: "finding", header: "Finding", width: "136px", sortable: false, cell: ({ finding }) => WORDS[finding] },
    { id: "from", header: "From", sortable: false, cell: ({ from }) => <EntityLink entityRef={from} /> },
    { id: "type", header: "Relation", width: "110px", sortable: false, cell: ({ type }) => labelOfRelation(type) },
    { id: "to", header: "To", sortable: false, cell: ({ to }) => <EntityLink entityRef={to} /> },
    {
      id: "evidence",
      header: "Evidence",
      width: "38%",
      sortable: false,
      cell: ({ reason, traffic }) => (
        <span className={classes.evidence} title={reason}>
          {traffic === undefined ? (
            reason
          ) : (
            <>
              {formatRate(traffic.perMinute / 60)},{" "}
              <Link to="/traces/$traceId" params={{ traceId: traffic.traceId }} search={{ at: traffic.lastSeen }}>
                a trace
              </Link>
            </>
          )}
        </span>
      ),
    },
    { id: "acts", header: "", width: "150px", sortable: false, cell: (item) => <DriftActs item={item} {...acts} /> },
  ];
}

/** One click where there is one usual answer; the others are in the menu. */
function DriftActs({ item, onDismiss, onPatch }: Acts & { readonly item: DriftItem }): ReactNode {
  const done = (output: { applied: string; said: string; patch?: string | undefined }): void => {
    if (output.applied === "patch" && output.patch !== undefined) onPatch({ said: output.said, patch: output.patch });
  };
  const declare = useAct(declareRelation, { onDone: done });
  const withdraw = useAct(withdrawRelation, { onDone: done });
  const run = ({ act, from, type, to }: Fix): void => (act === "declare" ? declare : withdraw).mutate({ from, type, to });
  const [first, ...more] = item.fixes;
  const error = declare.error ?? withdraw.error;
  if (first === undefined) return null;
  return (
    <span className={classes.acts}>
      <Button
        size="compact-xs"
        variant="light"
        loading={declare.isPending || withdraw.isPending}
        onClick={() => run(first)}
        title={error === null ? first.label : toWords(error).title}
        {...(error === null ? {} : { color: "red" })}
      >
        {error === null ? (first.act === "declare" ? "Declare" : "Withdraw") : "Failed"}
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button size="compact-xs" variant="default" aria-label={`More for ${shortRef(item.from)} ${item.type} ${shortRef(item.to)}`}>
            …
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {more.map((fix) => (
            <Menu.Item key={`${fix.from} ${fix.type} ${fix.to}`} onClick={() => run(fix)}>
              Declare: {fix.label}
            </Menu.Item>
          ))}
          <Menu.Item onClick={() => onDismiss(item)}>Set aside…</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </span>
  );
}

function Dismissal({ item, onClose }: { readonly item: DriftItem; readonly onClose: () => void }): ReactNode {
  const [reason, setReason] = useState("");
  const [days, setDays] = useState("90");
  const dismiss = useAct(dismissDrift, { onDone: onClose });
  const { finding, from, type, to } = item;
  return (
    <Modal opened onClose={onClose} title="Set this finding aside">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (finding !== "unknown") dismiss.mutate({ finding, from, type, to, reason, days: Number(days) });
        }}
      >
        <Stack gap="sm">
          <Text size="sm">{item.reason}</Text>
          <TextInput
            label="Why"
            description="For those who ask later"
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            error={dismiss.error === null ? undefined : toWords(dismiss.error).title}
            required
            minLength={3}
            data-autofocus
          />
          <Select
            label="For how long"
            value={days}
            allowDeselect={false}
            onChange={(value) => setDays(value ?? "90")}
            data={["7", "30", "90", "365"].map((value) => ({ value, label: formatCount(Number(value), "day") }))}
          />
          <Button type="submit" loading={dismiss.isPending} disabled={reason.trim().length < 3}>
            Set aside
          </Button>
        </Stack>
      </form>
    </Modal>
  );
}
