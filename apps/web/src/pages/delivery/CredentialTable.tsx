import { ActionIcon, Tooltip } from "@mantine/core";
import { Ban, RefreshCw } from "lucide-react";
import { useMemo, useState, type ReactNode } from "react";

import { listCredentials, revokeCredential, rotateCredential, type Credential } from "@roadbed/contracts/delivery/credentials";
import { useAct, usePages } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { LoadMore } from "../../table/LoadMore.tsx";
import { Confirm } from "../../ui/Confirm.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Section } from "../../ui/Page.tsx";
import { When } from "../../ui/When.tsx";
import { shortRef } from "../../ui/entity-kind.ts";
import { FittingTable } from "../settings/FittingTable.tsx";
import classes from "./delivery.module.css";

/** By which credentials it calls others and others call it; nothing where there are none. Values are shown nowhere. */
export function CredentialTable({ entityRef }: { readonly entityRef: string }): ReactNode {
  const { rows, error, more, loadingMore } = usePages(listCredentials, { entityRef, state: "active", limit: 50 });
  const rotate = useAct(rotateCredential);
  const revoke = useAct(revokeCredential);
  const [ending, end] = useState<Credential | undefined>();
  const columns = useMemo(() => columnsOf(entityRef, (credential) => rotate.mutate({ credential }), end), [entityRef, rotate]);
  const fault = error ?? rotate.error ?? revoke.error;
  if (rows.length === 0 && fault === null) return null;
  return (
    <Section title="Credentials" count={rows.length}>
      {fault !== null && <ErrorState error={fault} />}
      <FittingTable
        phone={["who", "acts"]}
        half={["who", "environment", "made", "acts"]}
        label="Credentials"
        columns={columns}
        rows={rows}
        rowKey={({ id }) => id}
        empty={null}
        footer={<LoadMore shown={rows.length} total={undefined} more={more} loading={loadingMore} />}
      />
      {ending !== undefined && (
        <Confirm
          opened
          onClose={() => end(undefined)}
          title={`End the credential of ${shortRef(ending.caller)} for ${shortRef(ending.callee)}?`}
          what="What is called starts again at once without it, and refuses calls by it from then on. A new one can be made by the golden path."
          word={ending.caller.replace(/^.*\//, "")}
          act="End it"
          onConfirm={() => revoke.mutate({ credential: ending.id })}
        />
      )}
    </Section>
  );
}

function columnsOf(entityRef: string, rotate: (id: string) => void, end: (credential: Credential) => void): readonly Column<Credential>[] {
  return [
    {
      id: "who",
      header: "Who",
      width: "30%",
      value: ({ caller, callee }) => `${caller} ${callee}`,
      cell: ({ caller, callee }) =>
        caller === entityRef ? (
          <>
            calls <EntityLink entityRef={callee} tab="deploys" />
          </>
        ) : (
          <>
            called by <EntityLink entityRef={caller} tab="deploys" />
          </>
        ),
    },
    { id: "environment", header: "In", width: "72px", value: ({ environment }) => environment, cell: ({ environment }) => environment },
    {
      id: "variables",
      header: "Variables",
      value: (credential) => variablesOf(credential, entityRef).join(" "),
      cell: (credential) => <code className="rb-mono">{variablesOf(credential, entityRef).join(", ")}</code>,
      hint: "Their names; the values are known to the workload alone",
    },
    {
      id: "made",
      header: "Made anew",
      width: "130px",
      value: ({ rotatedAt, madeAt }) => rotatedAt ?? madeAt,
      cell: ({ rotatedAt, madeAt }) => <When at={rotatedAt ?? madeAt} />,
    },
    {
      id: "acts",
      header: "",
      width: "82px",
      align: "right",
      cell: (credential) => {
        const name = `the credential of ${shortRef(credential.caller)} for ${shortRef(credential.callee)}`;
        return (
          <span className={classes.acts}>
            <Tooltip label="Make it anew">
              <ActionIcon variant="subtle" color="gray" aria-label={`Make ${name} anew`} onClick={() => rotate(credential.id)}>
                <RefreshCw size={15} />
              </ActionIcon>
            </Tooltip>
            <Tooltip label="End it">
              <ActionIcon variant="subtle" color="gray" aria-label={`End ${name}`} onClick={() => end(credential)}>
                <Ban size={15} />
              </ActionIcon>
            </Tooltip>
          </span>
        );
      },
    },
  ];
}

function variablesOf({ caller, callerVariables, calleeVariables }: Credential, entityRef: string): readonly string[] {
  return caller === entityRef ? callerVariables : calleeVariables;
}
