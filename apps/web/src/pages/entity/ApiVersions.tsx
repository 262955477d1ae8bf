import { Button, Select, Textarea } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { diffApi, listApiVersions } from "@roadbed/contracts/catalog/docs";
import type { OutputOf } from "@roadbed/core";
import { useOperation, usePages } from "../../api/use-operation.ts";
import { formatMoment } from "../../format/time.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { Loaded, SkeletonRows } from "../../ui/Loaded.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import classes from "./api-tab.module.css";

type Version = OutputOf<typeof listApiVersions>["items"][number];
type Diff = OutputOf<typeof diffApi>;

/** What changed between two of its definitions, and whom that breaks; also for one that is not published yet. */
export function ApiVersions({ entityRef }: { readonly entityRef: string }): ReactNode {
  const versions = usePages(listApiVersions, { ref: entityRef, limit: 100 });
  const [from, setFrom] = useState<string>();
  const [to, setTo] = useState("current");
  const [draft, setDraft] = useState<string>();
  if (versions.pending) return <SkeletonRows rows={6} />;
  const later = versions.rows.findIndex(({ id }) => id === to);
  const before = from ?? versions.rows[later + 1]?.id;
  return (
    <div className={classes.versions}>
      <div className={classes.chooser}>
        <VersionSelect
          label="From"
          versions={versions.rows}
          value={draft === undefined ? before : "current"}
          onChange={setFrom}
          disabled={draft !== undefined}
        />
        <VersionSelect label="To" versions={versions.rows} value={to} onChange={setTo} disabled={draft !== undefined} />
        <Button variant="default" size="xs" onClick={() => setDraft((old) => (old === undefined ? "" : undefined))}>
          {draft === undefined ? "Check a draft" : "Compare versions"}
        </Button>
      </div>
      {draft !== undefined && <DraftInput value={draft} onChange={setDraft} />}
      {draft !== undefined ? (
        draft.trim() !== "" && <Changes input={{ ref: entityRef, definition: draft }} />
      ) : before === undefined ? (
        <EmptyState compact title="It has had one definition only">
          Every definition that Roadbed reads is kept. Once it changes, what changed and whom that breaks stands here. Check a draft to see
          it before.
        </EmptyState>
      ) : (
        <Changes input={{ ref: entityRef, from: before, to }} />
      )}
    </div>
  );
}

function VersionSelect({
  label,
  versions,
  value,
  onChange,
  disabled,
}: {
  readonly label: string;
  readonly versions: readonly Version[];
  readonly value: string | undefined;
  readonly onChange: (id: string) => void;
  readonly disabled: boolean;
}): ReactNode {
  return (
    <Select
      size="xs"
      label={label}
      data={versions.map((version) => ({ value: version.id, label: nameOf(version) }))}
      value={value ?? null}
      onChange={(id) => id !== null && onChange(id)}
      disabled={disabled || versions.length < 2}
      allowDeselect={false}
    />
  );
}

function nameOf({ id, version, until }: Version): string {
  const words = version === undefined ? "" : `${version}, `;
  return id === "current" ? `${words}current` : `${words}until ${formatMoment(new Date(until ?? 0))}`;
}

function DraftInput({ value, onChange }: { readonly value: string; readonly onChange: (text: string) => void }): ReactNode {
  return (
    <div>
      <Textarea
        label="The new definition"
        description="Paste it, or choose a file; it is compared with the current one and not kept."
        autosize
        minRows={6}
        maxRows={16}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 12.5 } }}
      />
      <input
        type="file"
        aria-label="A file with the definition"
        accept=".yaml,.yml,.json,.graphql,.gql,.graphqls,.proto"
        onChange={(event) => void event.target.files?.[0]?.text().then(onChange)}
      />
    </div>
  );
}

function Changes({ input }: { readonly input: { ref: string; from?: string; to?: string; definition?: string } }): ReactNode {
  const diff = useOperation(diffApi, input, { keep: true });
  return (
    <Loaded query={diff} skeleton={<SkeletonRows rows={6} />}>
      {(answer) => (
        <>
          <p className={classes.verdict}>{verdictOf(answer)}</p>
          {answer.affected.length > 0 && <Affected affected={answer.affected} />}
          <ul className={classes.changes}>
            {answer.changes.map(({ severity, at, what }, index) => (
              <li key={index}>
                <StateBadge plain word={severity} state={STATES[severity]} />
                <code>{at}</code>
                <span>{what}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </Loaded>
  );
}

const STATES = { breaking: "fail", risky: "warn", safe: "ok" } as const;

function verdictOf({ counts: { breaking, risky, safe }, affected }: Diff): string {
  if (breaking + risky + safe === 0) return "Nothing changed for those who call it.";
  const parts = [`${breaking} breaking`, `${risky} risky`, `${safe} safe`].filter((part) => !part.startsWith("0 "));
  const whom =
    breaking === 0
      ? ""
      : affected.length === 0
        ? " Nobody in the catalogue says that they consume it."
        : ` ${affected.length === 1 ? "1 consumer is" : `${affected.length} consumers are`} affected.`;
  return `${parts.join(", ")}.${whom}`;
}

function Affected({ affected }: { readonly affected: Diff["affected"] }): ReactNode {
  return (
    <ul className={classes.affected} aria-label="Affected consumers">
      {affected.map(({ ref, title, owner, found }) => (
        <li key={ref}>
          <EntityLink entityRef={ref} title={title} found={found} />
          {owner !== undefined && (
            <span className="rb-dim">
              {" "}
              tell <EntityLink entityRef={owner} icon={false} />
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
