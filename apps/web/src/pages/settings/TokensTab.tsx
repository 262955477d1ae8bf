import { Button, Group } from "@mantine/core";
import { KeyRound, Plus } from "lucide-react";
import { useMemo, useState, type ReactNode } from "react";

import { listTokens, revokeToken, type createToken, type Token } from "@roadbed/contracts/identity";
import type { OutputOf, z } from "@roadbed/core";
import { useAct, usePages } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { LoadMore } from "../../table/LoadMore.tsx";
import { Confirm } from "../../ui/Confirm.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { Tag } from "../../ui/Tag.tsx";
import { When } from "../../ui/When.tsx";
import { FittingTable } from "./FittingTable.tsx";
import type { Me } from "./ProfileTab.tsx";
import { SecretShown } from "./SecretShown.tsx";
import classes from "./settings.module.css";
import { tellDone, tellFault } from "./tell.ts";
import { TokenForm } from "./TokenForm.tsx";
import { stateOfToken } from "./token-state.ts";

type TokenRow = z.infer<typeof Token>;

/** Tokens that work, that did, and a new one. */
export function TokensTab({ me }: { readonly me: Me }): ReactNode {
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<OutputOf<typeof createToken> | undefined>();
  const [ending, setEnding] = useState<TokenRow | undefined>();
  const list = usePages(listTokens, { limit: 100 });
  const columns = useMemo(() => columnsOf(setEnding), []);
  const shown = list.rows.toSorted((a, b) => Number(a.revokedAt !== undefined) - Number(b.revokedAt !== undefined));
  return (
    <>
      {made !== undefined && <SecretShown made={made} onClose={() => setMade(undefined)} />}
      {making && (
        <TokenForm
          me={me}
          onClose={() => setMaking(false)}
          onMade={(output) => {
            setMade(output);
            setMaking(false);
          }}
        />
      )}
      <Section
        title="Tokens"
        act={
          !making && (
            <Group gap="xs">
              <Button
                leftSection={<Plus size={14} aria-hidden />}
                onClick={() => {
                  setMade(undefined);
                  setMaking(true);
                }}
              >
                New token
              </Button>
            </Group>
          )
        }
      >
        {list.error !== null && list.rows.length === 0 ? (
          <ErrorState error={list.error} retry={list.retry} />
        ) : (
          <FittingTable
            phone={["name", "state", "acts"]}
            half={["name", "state", "scopes", "expires", "acts"]}
            label="Tokens"
            columns={columns}
            rows={shown}
            rowKey={({ id }) => id}
            loading={list.pending}
            empty={
              <EmptyState icon={KeyRound} title="No token yet">
                A token lets a program act as you, but only within the scopes you give it, and only until it ends. The command line takes
                one as <code>ROADBED_TOKEN</code>, git as the password.
              </EmptyState>
            }
            footer={<LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />}
          />
        )}
      </Section>
      <Revoke token={ending} onClose={() => setEnding(undefined)} />
    </>
  );
}

function columnsOf(end: (token: TokenRow) => void): readonly Column<TokenRow>[] {
  return [
    {
      id: "name",
      header: "Token",
      width: "22%",
      value: ({ name }) => name,
      cell: ({ name, id }) => <span title={`${name} (${id})`}>{name}</span>,
    },
    { id: "state", header: "State", width: "106px", value: stateOfToken, cell: (token) => <TokenState token={token} /> },
    { id: "kind", header: "Kind", width: "84px", value: ({ kind }) => kind, cell: ({ kind }) => kind },
    {
      id: "scopes",
      header: "May",
      value: ({ scopes }) => scopes.join(" "),
      cell: ({ scopes }) => (
        <span className={classes.cellTags} title={scopes.join(", ")}>
          {scopes.includes("*") ? <Tag>everything</Tag> : scopes.map((scope) => <Tag key={scope}>{scope}</Tag>)}
        </span>
      ),
    },
    {
      id: "created",
      header: "Made",
      width: "112px",
      value: ({ createdAt }) => createdAt,
      cell: ({ createdAt }) => <When at={createdAt} />,
    },
    {
      id: "used",
      header: "Last used",
      width: "112px",
      value: ({ lastUsedAt }) => lastUsedAt,
      cell: ({ lastUsedAt }) => <When at={lastUsedAt} fallback="never" />,
    },
    {
      id: "expires",
      header: "Ends",
      width: "112px",
      value: ({ expiresAt }) => expiresAt,
      cell: ({ expiresAt }) => <When at={expiresAt} fallback="never" />,
    },
    {
      id: "acts",
      header: "",
      width: "84px",
      align: "right",
      cell: (token) =>
        token.revokedAt === undefined && (
          <Button size="compact-sm" variant="default" onClick={() => end(token)} aria-label={`Revoke ${token.name}`}>
            Revoke
          </Button>
        ),
    },
  ];
}

function TokenState({ token }: { readonly token: TokenRow }): ReactNode {
  const state = stateOfToken(token);
  return <StateBadge plain word={state} state={state === "works" ? "ok" : state === "ends soon" ? "warn" : "unknown"} />;
}

function Revoke({ token, onClose }: { readonly token: TokenRow | undefined; readonly onClose: () => void }): ReactNode {
  const act = useAct(revokeToken, { onDone: ({ name }) => tellDone(`${name} is revoked.`) });
  if (token === undefined) return null;
  return (
    <Confirm
      opened
      onClose={onClose}
      title={`Revoke ${token.name}?`}
      what={
        <>
          Whatever uses it is refused from now on: scripts, services, agents. This cannot be undone; a new token has a new secret.
          {token.kind === "service" &&
            " It is a service token: it may be what the command line on this machine or a running workload uses."}
        </>
      }
      word={token.name}
      act="Revoke it"
      onConfirm={() => act.mutate({ id: token.id }, { onError: tellFault(`${token.name} was not revoked`) })}
    />
  );
}
