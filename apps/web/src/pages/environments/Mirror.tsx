import { Button, Checkbox, Group, Modal, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { getMirror, pushMirror, removeMirror, setMirror, type Mirror } from "@roadbed/contracts/delivery/mirror";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { Actor } from "../../ui/Actor.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { FormFoot } from "../../ui/FormFoot.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";

const STATES = { new: ["busy", "not pushed yet"], "in-sync": ["ok", "in sync"], failing: ["fail", "cannot be written"] } as const;
const LOOK_MS = 10_000;

/** The repository elsewhere that is kept like the one of what runs where. */
export function MirrorSection(): ReactNode {
  const query = useOperation(getMirror, {}, { every: LOOK_MS });
  const [setting, setSetting] = useState(false);
  const push = useAct(pushMirror);
  const remove = useAct(removeMirror);
  if (query.data === undefined) return null;
  const { mirror } = query.data;
  const error = push.error ?? remove.error;
  return (
    <Section
      title="Mirror of platform-delivery"
      act={
        <Group gap="xs">
          {mirror !== undefined && (
            <>
              <Button variant="default" size="xs" loading={push.isPending} onClick={() => push.mutate({})}>
                Push now
              </Button>
              <Button variant="default" size="xs" loading={remove.isPending} onClick={() => remove.mutate({})}>
                Keep it no more
              </Button>
            </>
          )}
          <Button variant="default" size="xs" onClick={() => setSetting(true)}>
            {mirror === undefined ? "Set a mirror" : "Change it"}
          </Button>
        </Group>
      }
    >
      {error !== null && <ErrorState error={error} />}
      {mirror === undefined ? (
        <p className="rb-dim">
          What each environment is to have stands in the repository <code>platform-delivery</code> here. A mirror at GitHub, GitLab or any
          Git host is pushed after each change, and what others write there is noticed.
        </p>
      ) : (
        <Known of={mirror} />
      )}
      <Modal opened={setting} onClose={() => setSetting(false)} title="Mirror of platform-delivery">
        {setting && <SetForm mirror={mirror} onClose={() => setSetting(false)} />}
      </Modal>
    </Section>
  );
}

function Known({ of }: { readonly of: Mirror }): ReactNode {
  const {
    remote,
    state,
    error,
    noticed,
    branches,
    failures,
    pushedAt,
    triesAt,
    setBy,
    setAt,
    username,
    hasSecret,
    requests,
    requestsAt,
    noRequests,
  } = of;
  const [tone, label] = STATES[state];
  return (
    <Facts
      of={[
        ["Where", <code key="where">{remote}</code>],
        ["State", <StateBadge key="state" word={state} state={tone} label={label} />],
        [
          "Why",
          error && (
            <>
              {error} Failed {failures} {failures === 1 ? "time" : "times"}
              {triesAt !== undefined && (
                <>
                  , tried again <When at={triesAt} />
                </>
              )}
            </>
          ),
        ],
        ["Pushed", pushedAt && <When at={pushedAt} />],
        ["Holds", formatCount(branches, "branch", "branches")],
        ["Signs in", hasSecret ? `as ${username ?? "git"} with a secret` : "with no secret"],
        [
          "Requests",
          requests
            ? (noRequests ?? `opened at ${requestsAt ?? remote} for what waits for a pull request; merging there is the vote`)
            : "none: what waits for a pull request is merged here",
        ],
        [
          "Others wrote",
          noticed && (
            <>
              {noticed.author} to <code>{noticed.branch}</code> <When at={noticed.at} />: {noticed.message}. {noticed.done}
            </>
          ),
        ],
        [
          "Set by",
          <span key="by">
            <Actor of={setBy} /> <When at={setAt} />
          </span>,
        ],
      ]}
    />
  );
}

function SetForm({ mirror, onClose }: { readonly mirror: Mirror | undefined; readonly onClose: () => void }): ReactNode {
  const [remote, setRemote] = useState(mirror?.remote ?? "");
  const [username, setUsername] = useState(mirror?.username ?? "");
  const [secret, setSecret] = useState("");
  const [requests, setRequests] = useState(mirror?.requests ?? false);
  const act = useAct(setMirror, { onDone: onClose });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        act.mutate({
          remote: remote.trim(),
          ...(username.trim() !== "" && { username: username.trim() }),
          ...(secret !== "" && { secret }),
          requests,
        });
      }}
    >
      <Stack gap="sm">
        <Text size="sm">It has to be empty, or to hold the history of platform-delivery already. Only Roadbed should write there.</Text>
        <TextInput
          label="Address"
          placeholder="https://github.com/acme/platform-delivery.git"
          required
          value={remote}
          onChange={(event) => setRemote(event.currentTarget.value)}
          data-autofocus
        />
        <TextInput label="User name" placeholder="git" value={username} onChange={(event) => setUsername(event.currentTarget.value)} />
        <PasswordInput
          label="Token"
          description={mirror?.hasSecret === true ? "Empty: the one before stays" : "One that may push there"}
          value={secret}
          onChange={(event) => setSecret(event.currentTarget.value)}
        />
        <Checkbox
          label="Open pull requests there"
          description="For what waits for a pull request: whoever merges it there votes by the rules of here. The host has to be connected as a source that golden paths may use."
          checked={requests}
          onChange={(event) => setRequests(event.currentTarget.checked)}
        />
        <FormFoot act="Set it" sending={act.isPending} disabled={remote.trim() === ""} fault={act.error} onClose={onClose} />
      </Stack>
    </form>
  );
}
