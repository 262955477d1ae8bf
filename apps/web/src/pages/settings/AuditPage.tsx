import { Button, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { ShieldCheck } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";

import { listAudit, verifyAudit } from "@roadbed/contracts/identity";
import { client } from "../../api/client.ts";
import { isCode } from "../../api/errors.ts";
import { usePages } from "../../api/use-operation.ts";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Page } from "../../ui/Page.tsx";
import { auditColumns, type AuditEntry } from "./audit-columns.tsx";
import { AuditDetail } from "./AuditDetail.tsx";
import { ChainVerdict } from "./ChainVerdict.tsx";
import { FittingTable } from "./FittingTable.tsx";
import classes from "./settings.module.css";
import { useActors } from "./use-actors.ts";

const route = getRouteApi("/app/audit");
const PAGE_SIZE = 100;
const FILTERS = [
  ["actor", "Who", "user:… or service:…"],
  ["operation", "What", "catalog.source.import"],
  ["resource", "About", "component:default/orders"],
] as const;
type Filter = (typeof FILTERS)[number][0];

/** Who did what, by which door, and whether the log was ever tampered with. */
export function AuditPage(): ReactNode {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const change = (patch: Partial<Record<Filter, string | undefined>>): void =>
    void navigate({ search: (old) => ({ ...old, ...patch }), replace: true });
  const asked = Object.fromEntries(FILTERS.map(([key]) => [key, search[key]]).filter(([, value]) => value !== undefined)) as Partial<
    Record<Filter, string>
  >;
  const filtered = Object.keys(asked).length > 0;

  const list = usePages(listAudit, { ...asked, limit: PAGE_SIZE });
  const verify = useMutation({ mutationFn: () => client.call(verifyAudit, {}) });
  const [opened, open] = useState<string | undefined>();
  const nameOf = useActors();
  const columns = auditColumns(open, nameOf, change);
  const shown: AuditEntry | undefined = list.rows.find(({ seq }) => seq === opened);

  return (
    <Page
      title="Audit"
      state="Every act that changes something, and every one that was refused, in an order that cannot be changed unseen."
      act={
        <Button
          variant="default"
          leftSection={<ShieldCheck size={15} aria-hidden />}
          loading={verify.isPending}
          onClick={() => verify.mutate()}
        >
          Verify the chain
        </Button>
      }
    >
      {verify.error !== null && <ErrorState error={verify.error} />}
      {verify.data !== undefined && <ChainVerdict verdict={verify.data} />}
      <div className={classes.filters}>
        {FILTERS.map(([key, label, placeholder]) => (
          <FilterBox
            key={key}
            label={label}
            placeholder={placeholder}
            value={search[key] ?? ""}
            onChange={(value) => change({ [key]: value === "" ? undefined : value })}
          />
        ))}
        {filtered && (
          <Button variant="subtle" onClick={() => change({ actor: undefined, operation: undefined, resource: undefined })}>
            Clear
          </Button>
        )}
      </div>
      {list.error !== null && list.rows.length === 0 ? (
        isCode(list.error, "FORBIDDEN") ? (
          <EmptyState icon={ShieldCheck} title="The audit log is for administrators">
            Ask one of them, or ask for the scope <code>identity:audit</code>.
          </EmptyState>
        ) : (
          <ErrorState error={list.error} retry={list.retry} />
        )
      ) : (
        <FittingTable
          phone={["seq", "at", "operation"]}
          half={["seq", "at", "actor", "operation", "resource", "outcome"]}
          label="Audit log"
          density="compact"
          columns={columns}
          rows={list.rows}
          rowKey={({ seq }) => seq}
          loading={list.pending}
          stale={list.stale}
          selected={opened}
          empty={
            <EmptyState
              title={filtered ? "Nothing like that happened" : "Nothing happened yet"}
              act={
                filtered && (
                  <Button onClick={() => change({ actor: undefined, operation: undefined, resource: undefined })}>Clear the filters</Button>
                )
              }
            >
              {filtered
                ? "No row has all of these words."
                : "Each act that changes something is written here with who did it, by which door, and digests of what was sent and answered."}
            </EmptyState>
          }
          footer={<LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />}
        />
      )}
      <AuditDetail row={shown} nameOf={nameOf} onClose={() => open(undefined)} />
    </Page>
  );
}

const TELL_AFTER_MS = 250;

function FilterBox({
  label,
  placeholder,
  value,
  onChange,
}: {
  readonly label: string;
  readonly placeholder: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}): ReactNode {
  const [typed, setTyped] = useState(value);
  const tell = useDebouncedCallback(onChange, TELL_AFTER_MS);
  useEffect(() => setTyped(value), [value]);
  return (
    <TextInput
      type="search"
      label={label}
      placeholder={placeholder}
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        tell(event.currentTarget.value.trim());
      }}
      w={{ base: "100%", sm: 240 }}
      spellCheck={false}
    />
  );
}
