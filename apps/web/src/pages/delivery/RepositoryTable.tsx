import { Drawer, UnstyledButton } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { GitBranch } from "lucide-react";
import { useMemo, useState, type ReactNode } from "react";

import { getRepository, type Repository } from "@roadbed/contracts/delivery";
import { useOperation } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { CopyText } from "../../ui/Copy.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { LinkButton } from "../../ui/LinkButton.tsx";
import { Loaded, SkeletonRows } from "../../ui/Loaded.tsx";
import { When } from "../../ui/When.tsx";
import { FittingTable } from "../settings/FittingTable.tsx";
import classes from "./delivery.module.css";

/** The repositories of the embedded Git host; each opens to its newest commits. */
export function RepositoryTable({
  repositories,
  footer,
}: {
  readonly repositories: readonly Repository[];
  readonly footer: ReactNode;
}): ReactNode {
  const [opened, open] = useState<string | undefined>();
  const columns = useMemo(() => columnsOf(open), []);
  const shown = repositories.find(({ name }) => name === opened);
  return (
    <>
      <FittingTable
        phone={["name", "clone"]}
        half={["name", "clone", "head"]}
        label="Repositories"
        columns={columns}
        rows={repositories}
        rowKey={({ name }) => name}
        selected={opened}
        empty={<NoRepositories />}
        footer={footer}
      />
      <Drawer opened={shown !== undefined} onClose={() => open(undefined)} position="right" size={520} title={opened ?? ""}>
        {shown !== undefined && <Inside key={shown.name} repository={shown} />}
      </Drawer>
    </>
  );
}

function columnsOf(open: (name: string) => void): readonly Column<Repository>[] {
  return [
    {
      id: "name",
      header: "Repository",
      width: "20%",
      value: ({ name }) => name,
      cell: ({ name, description }) => (
        <UnstyledButton className={classes.open} onClick={() => open(name)} title={description}>
          <GitBranch size={14} aria-hidden /> {name}
        </UnstyledButton>
      ),
    },
    {
      id: "entity",
      header: "Component",
      width: "20%",
      value: ({ entityRef }) => entityRef,
      cell: ({ entityRef }) => (entityRef === undefined ? <span className="rb-dim">none</span> : <EntityLink entityRef={entityRef} />),
    },
    {
      id: "clone",
      header: "Clone URL",
      value: ({ cloneUrl }) => cloneUrl,
      cell: ({ cloneUrl }) => <CopyText text={cloneUrl} what="clone URL" />,
    },
    {
      id: "head",
      header: "Head",
      width: "150px",
      value: ({ head }) => head,
      cell: ({ head, defaultBranch }) =>
        head === undefined ? (
          <span className="rb-dim">no commit</span>
        ) : (
          <>
            <code className="rb-mono">{head.slice(0, 7)}</code> <span className="rb-dim">{defaultBranch}</span>
          </>
        ),
    },
    { id: "at", header: "Made", width: "116px", value: ({ createdAt }) => createdAt, cell: ({ createdAt }) => <When at={createdAt} /> },
  ];
}

function Inside({ repository }: { readonly repository: Repository }): ReactNode {
  const detail = useOperation(getRepository, { name: repository.name });
  return (
    <>
      <Facts
        of={[
          ["Component", repository.entityRef === undefined ? undefined : <EntityLink key="entity" entityRef={repository.entityRef} />],
          ["Clone", <CopyText key="clone" text={`git clone ${repository.cloneUrl}`} what="clone command" />],
          ["Branch", repository.defaultBranch],
        ]}
      />
      <p className={classes.note}>
        Git asks for a name and a password: any name, and an access token with <code>git:read</code> or <code>git:write</code> as password.
        Make one under{" "}
        <Link to="/settings" search={{ tab: "tokens" }}>
          Settings, Tokens
        </Link>
        .
      </p>
      <h3 className={classes.sub}>Newest commits</h3>
      <Loaded query={detail} skeleton={<SkeletonRows rows={5} height={44} />}>
        {({ commits }) =>
          commits.length === 0 ? (
            <EmptyState compact title="No commit yet">
              Clone it, commit, and push to {repository.defaultBranch}.
            </EmptyState>
          ) : (
            <ul className={classes.commits}>
              {commits.map(({ hash, message, author, at }) => (
                <li key={hash}>
                  <code className="rb-mono">{hash.slice(0, 7)}</code>
                  <div>
                    <span title={message}>{message.split("\n")[0]}</span>
                    <span className="rb-dim">
                      {author}, <When at={at} />
                    </span>
                  </div>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  );
}

function NoRepositories(): ReactNode {
  return (
    <EmptyState icon={GitBranch} title="No repository here yet" act={<LinkButton to="/create">Choose a golden path</LinkButton>}>
      <p>
        Roadbed has a Git host of its own. A golden path makes a repository in it; you clone it, push to it, and each push to its main
        branch is built and deployed to dev.
      </p>
    </EmptyState>
  );
}
