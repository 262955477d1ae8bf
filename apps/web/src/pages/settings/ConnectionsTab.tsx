import { Button, Group, PasswordInput, Stack, TextInput } from "@mantine/core";
import { Cable } from "lucide-react";
import { useState, type ReactNode } from "react";
import { Link } from "@tanstack/react-router";

import {
  deletePathConnection,
  listGitHosts,
  listPathConnections,
  savePathConnection,
  type PathConnection,
} from "@roadbed/contracts/paths/connections";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { Confirm } from "../../ui/Confirm.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Loaded, SkeletonRows } from "../../ui/Loaded.tsx";
import { Section } from "../../ui/Page.tsx";
import { Tag } from "../../ui/Tag.tsx";
import { When } from "../../ui/When.tsx";
import type { Me } from "./ProfileTab.tsx";
import { mayScope } from "./scopes.ts";
import classes from "./settings.module.css";
import { TagRules } from "./TagRules.tsx";
import { tellDone } from "./tell.ts";

/** The systems outside that steps of golden paths may ask: Git hosts by their sources, others by a name given here. */
export function ConnectionsTab({ me }: { readonly me: Me }): ReactNode {
  const manages = mayScope(me.scopes, "paths:admin");
  const [making, setMaking] = useState(false);
  const [ending, setEnding] = useState<PathConnection | undefined>();
  const named = useOperation(listPathConnections, { limit: 100 });
  const hosts = useOperation(listGitHosts, {});
  const refresh = (): void => void named.refetch();
  const remove = useAct(deletePathConnection, {
    onDone: () => {
      tellDone("It is gone. Paths that need it say so before they run.");
      setEnding(undefined);
      refresh();
    },
  });
  return (
    <>
      {making && <ConnectionForm onClose={() => setMaking(false)} onSaved={refresh} />}
      <Section title="Named systems" act={manages && !making && <Button onClick={() => setMaking(true)}>New connection</Button>}>
        <Loaded query={named} skeleton={<SkeletonRows rows={3} />}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyState icon={Cable} title="No system has a name yet">
                A step asks a system by its name, for example Argo CD or a provisioner of your own. Its address and credential are kept
                here, sealed, so that no path holds them.
              </EmptyState>
            ) : (
              <ul className={classes.connections}>
                {items.map((one) => (
                  <li key={one.name}>
                    <strong>{one.name}</strong> <span className="rb-dim">{one.address}</span>
                    <span className={classes.connectionFoot}>
                      {one.headers.map((header) => (
                        <Tag key={header}>{header}</Tag>
                      ))}
                      {one.signs && <Tag>signed</Tag>}
                      <When at={one.at} />
                      {manages && (
                        <Button size="compact-xs" variant="subtle" color="red" onClick={() => setEnding(one)}>
                          Remove
                        </Button>
                      )}
                    </span>
                  </li>
                ))}
              </ul>
            )
          }
        </Loaded>
      </Section>
      <Section title="Git hosts">
        <Loaded query={hosts} skeleton={<SkeletonRows rows={2} />}>
          {({ items }) =>
            items.length === 0 ? (
              <p className="rb-dim">
                None. Paths may write at GitHub and GitLab with the token of a <Link to="/sources">source</Link> whose setting goldenPaths
                is on.
              </p>
            ) : (
              <ul className={classes.connections}>
                {items.map(({ system, host, owner }) => (
                  <li key={`${host}/${owner}`}>
                    <strong>{owner}</strong> <span className="rb-dim">at {host}</span> <Tag>{system}</Tag>
                  </li>
                ))}
              </ul>
            )
          }
        </Loaded>
      </Section>
      <TagRules manages={manages} />
      {remove.error !== null && <ErrorState error={remove.error} />}
      {ending !== undefined && (
        <Confirm
          opened
          onClose={() => setEnding(undefined)}
          title={`Remove ${ending.name}`}
          what="Its address and credential go. Paths that name it cannot run until it is made again."
          word={ending.name}
          act="Remove"
          onConfirm={() => remove.mutate({ name: ending.name })}
        />
      )}
    </>
  );
}

function ConnectionForm({ onClose, onSaved }: { readonly onClose: () => void; readonly onSaved: () => void }): ReactNode {
  const [name, setName] = useState("");
  const [url, setUrl] = useState("");
  const [token, setToken] = useState("");
  const [signingSecret, setSecret] = useState("");
  const save = useAct(savePathConnection, {
    onDone: ({ name: saved }) => {
      tellDone(`${saved} can be asked by golden paths.`);
      onSaved();
      onClose();
    },
  });
  return (
    <Section title="New connection">
      <form
        className={classes.connectionForm}
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate({ name, address: url, ...(token !== "" && { credential: token }), ...(signingSecret !== "" && { signingSecret }) });
        }}
      >
        <Stack gap="sm">
          <TextInput
            label="Name"
            description="As steps call it"
            required
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            autoFocus
          />
          <TextInput
            label="Address"
            description="Where its API begins"
            placeholder="https://"
            required
            value={url}
            onChange={(event) => setUrl(event.currentTarget.value)}
          />
          <PasswordInput
            label="Token"
            description="Sent as a bearer token"
            autoComplete="new-password"
            value={token}
            onChange={(event) => setToken(event.currentTarget.value)}
          />
          <PasswordInput
            label="Signing secret"
            description="Signs what a provisioner is sent, and checks what it answers"
            autoComplete="new-password"
            value={signingSecret}
            onChange={(event) => setSecret(event.currentTarget.value)}
          />
          {save.error !== null && <ErrorState error={save.error} />}
          <Group gap="xs">
            <Button type="submit" loading={save.isPending} disabled={name === "" || url === ""}>
              Save
            </Button>
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}
