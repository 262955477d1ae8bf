import { Button, Menu } from "@mantine/core";
import { Ellipsis, UserPlus, Users } from "lucide-react";
import { useMemo, useState, type ReactNode } from "react";

import { listUsers, updateUser, type User } from "@roadbed/contracts/identity";
import type { z } from "@roadbed/core";
import { useAct, usePages } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { LoadMore } from "../../table/LoadMore.tsx";
import { Confirm } from "../../ui/Confirm.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import { FittingTable } from "./FittingTable.tsx";
import { PersonForm } from "./PersonForm.tsx";
import type { Me } from "./ProfileTab.tsx";
import { RoleChange } from "./RoleChange.tsx";
import { mayScope } from "./scopes.ts";
import { tellDone, tellFault } from "./tell.ts";

export type Person = z.infer<typeof User>;

/** Who can sign in. */
export function PeopleTab({ me }: { readonly me: Me }): ReactNode {
  if (!mayScope(me.scopes, "identity:admin")) {
    return (
      <EmptyState icon={Users} title="Only administrators see the accounts">
        Ask one of them to make an account or to change what somebody may do. The people of the catalogue are under Catalogue.
      </EmptyState>
    );
  }
  return <Accounts me={me} />;
}

type Asked = { readonly what: "role" | "off"; readonly person: Person };

function Accounts({ me }: { readonly me: Me }): ReactNode {
  const [making, setMaking] = useState(false);
  const [asked, ask] = useState<Asked | undefined>();
  const list = usePages(listUsers, { limit: 200 });
  const update = useAct(updateUser);
  const columns = useMemo(
    () =>
      columnsOf(me, ask, ({ username, displayName }) =>
        update.mutate(
          { username, disabled: false },
          {
            onSuccess: () => tellDone(`${displayName} can sign in again.`),
            onError: tellFault("Not switched on"),
          },
        ),
      ),
    [me, update.mutate],
  );
  return (
    <>
      {making && <PersonForm onClose={() => setMaking(false)} />}
      <Section
        title="People"
        act={
          !making && (
            <Button leftSection={<UserPlus size={14} aria-hidden />} onClick={() => setMaking(true)}>
              New account
            </Button>
          )
        }
      >
        {list.error !== null && list.rows.length === 0 ? (
          <ErrorState error={list.error} retry={list.retry} />
        ) : (
          <FittingTable
            phone={["name", "role", "acts"]}
            half={["name", "username", "role", "state", "acts"]}
            label="People"
            columns={columns}
            rows={list.rows}
            rowKey={({ id }) => id}
            loading={list.pending}
            footer={<LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />}
          />
        )}
      </Section>
      {asked?.what === "role" && <RoleChange person={asked.person} onClose={() => ask(undefined)} />}
      {asked?.what === "off" && (
        <Confirm
          opened
          onClose={() => ask(undefined)}
          title={`Switch ${asked.person.displayName} off?`}
          what="All sessions end now, personal tokens are refused, and signing in is refused. What the person did stays in the audit log. You can switch the account on again."
          word={asked.person.username}
          act="Switch off"
          onConfirm={() =>
            update.mutate(
              { username: asked.person.username, disabled: true },
              {
                onSuccess: ({ displayName }) => tellDone(`${displayName} cannot sign in any more.`),
                onError: tellFault("Not switched off"),
              },
            )
          }
        />
      )}
    </>
  );
}

function columnsOf(me: Me, ask: (asked: Asked) => void, switchOn: (person: Person) => void): readonly Column<Person>[] {
  return [
    {
      id: "name",
      header: "Name",
      width: "22%",
      value: ({ displayName }) => displayName,
      cell: ({ displayName, username }) => (
        <span title={displayName}>
          {displayName} {username === me.username && <span className="rb-dim">you</span>}
        </span>
      ),
    },
    {
      id: "username",
      header: "Username",
      width: "16%",
      value: ({ username }) => username,
      cell: ({ username }) => <code className="rb-mono">{username}</code>,
    },
    {
      id: "role",
      header: "Role",
      width: "116px",
      value: ({ role }) => role,
      cell: ({ role }) => ({ admin: "Administrator", developer: "Developer", viewer: "Viewer" })[role],
    },
    {
      id: "state",
      header: "Sign-in",
      width: "124px",
      value: ({ disabled }) => (disabled ? "off" : "on"),
      cell: ({ disabled }) => <StateBadge plain word={disabled ? "switched off" : "allowed"} state={disabled ? "unknown" : "ok"} />,
    },
    { id: "email", header: "Mail", value: ({ email }) => email, cell: ({ email }) => email ?? <span className="rb-dim">–</span> },
    {
      id: "entity",
      header: "In the catalogue",
      value: ({ entityRef }) => entityRef,
      cell: ({ entityRef }) => (entityRef === undefined ? <span className="rb-dim">–</span> : <EntityLink entityRef={entityRef} />),
    },
    { id: "since", header: "Since", width: "112px", value: ({ createdAt }) => createdAt, cell: ({ createdAt }) => <When at={createdAt} /> },
    {
      id: "acts",
      header: "",
      width: "52px",
      align: "right",
      cell: (person) =>
        person.username !== me.username && (
          <Menu position="bottom-end" shadow="md">
            <Menu.Target>
              <Button variant="subtle" color="gray" size="compact-sm" aria-label={`Change ${person.displayName}`}>
                <Ellipsis size={15} aria-hidden />
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => ask({ what: "role", person })}>Change name or role…</Menu.Item>
              {person.disabled ? (
                <Menu.Item onClick={() => switchOn(person)}>Switch on</Menu.Item>
              ) : (
                <Menu.Item onClick={() => ask({ what: "off", person })}>Switch off…</Menu.Item>
              )}
            </Menu.Dropdown>
          </Menu>
        ),
    },
  ];
}
