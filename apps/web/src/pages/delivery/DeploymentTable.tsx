import { UnstyledButton } from "@mantine/core";
import { useMemo, useState, type ReactNode } from "react";

import type { Deployment } from "@roadbed/contracts/delivery";
import { formatMs } from "../../format/number.ts";
import type { Column } from "../../table/column.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import { FittingTable } from "../settings/FittingTable.tsx";
import classes from "./delivery.module.css";
import { DeploymentDetail } from "./DeploymentDetail.tsx";

interface Props {
  readonly deployments: readonly Deployment[];
  readonly withEntity?: boolean;
  readonly footer?: ReactNode;
}

/** Deployments, newest first; each opens to its whole story. */
export function DeploymentTable({ deployments, withEntity = true, footer }: Props): ReactNode {
  const [opened, open] = useState<string | undefined>();
  const columns = useMemo(() => columnsOf(open).filter(({ id }) => withEntity || id !== "entity"), [withEntity]);
  return (
    <>
      <FittingTable
        phone={withEntity ? ["entity", "status", "commit"] : ["status", "commit", "message"]}
        half={["entity", "status", "commit", "message", "at"]}
        label="Deployments"
        columns={columns}
        rows={deployments}
        rowKey={({ id }) => id}
        selected={opened}
        empty={
          <EmptyState compact title="Nothing was deployed yet">
            A push to a component's main branch builds it and deploys it to dev; it then stands here.
          </EmptyState>
        }
        footer={footer}
      />
      <DeploymentDetail deployment={deployments.find(({ id }) => id === opened)} onClose={() => open(undefined)} />
    </>
  );
}

function columnsOf(open: (id: string) => void): readonly Column<Deployment>[] {
  return [
    {
      id: "entity",
      header: "Component",
      width: "18%",
      value: ({ entityRef }) => entityRef,
      cell: ({ entityRef }) => <EntityLink entityRef={entityRef} tab="deploys" />,
    },
    {
      id: "status",
      header: "State",
      width: "122px",
      value: ({ status }) => status,
      cell: ({ status, error }) => <StateBadge plain word={status} title={error} />,
    },
    {
      id: "commit",
      header: "Commit",
      width: "88px",
      value: ({ commit }) => commit,
      cell: ({ id, commit }) => (
        <UnstyledButton className={classes.open} onClick={() => open(id)} aria-label={`Show the deployment of ${commit.slice(0, 7)}`}>
          <code className="rb-mono">{commit.slice(0, 7)}</code>
        </UnstyledButton>
      ),
    },
    { id: "message", header: "Change", value: ({ message }) => message, cell: (deployment) => <Change deployment={deployment} /> },
    { id: "author", header: "By", width: "14%", value: ({ author }) => author, cell: ({ author }) => <span title={author}>{author}</span> },
    { id: "environment", header: "To", width: "64px", value: ({ environment }) => environment, cell: ({ environment }) => environment },
    {
      id: "took",
      header: "Took",
      width: "78px",
      align: "right",
      value: tookOf,
      cell: (deployment) => {
        const took = tookOf(deployment);
        return took === undefined ? null : formatMs(took);
      },
    },
    { id: "at", header: "When", width: "108px", value: ({ createdAt }) => createdAt, cell: ({ createdAt }) => <When at={createdAt} /> },
  ];
}

function Change({ deployment: { message, error } }: { readonly deployment: Deployment }): ReactNode {
  const [first] = message.split("\n");
  if (error === undefined) return <span title={message}>{first}</span>;
  return (
    <div title={`${message}\n\n${error}`} className={classes.twoLines}>
      <span>{first}</span>
      <span data-state="fail">{error.split("\n")[0]}</span>
    </div>
  );
}

function tookOf({ createdAt, endedAt }: Deployment): number | undefined {
  return endedAt === undefined ? undefined : Date.parse(endedAt) - Date.parse(createdAt);
}
