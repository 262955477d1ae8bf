import { Button, Group, Modal, Stack, Text, Textarea } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { acceptDrift, healDrift, type Drift } from "@roadbed/contracts/delivery/drift";
import { useAct } from "../../api/use-operation.ts";
import { useActorName } from "../../ui/Actor.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { FormFoot } from "../../ui/FormFoot.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import classes from "./drift.module.css";

const STATES = {
  open: ["warn", "differs"],
  healing: ["busy", "being healed"],
  healed: ["ok", "healed"],
  accepted: ["ok", "accepted into Git"],
  gone: ["ok", "gone by itself"],
} as const;
const POLICIES = {
  tell: "It is told, and waits for somebody.",
  ask: "Its owner is asked.",
  heal: "It is healed by itself here.",
} as const;

/** One place: what Git says beside what runs, and the two ways to make them the same. */
export function DriftCard({ drift }: { readonly drift: Drift }): ReactNode {
  const [act, setAct] = useState<"heal" | "accept">();
  const nameOf = useActorName();
  const { entityRef, environment, kind, state, policy, differences, firstSeen, endedAt, endedBy, why } = drift;
  const [tone, label] = STATES[state];
  const open = endedAt === undefined;
  return (
    <article className={classes.card} data-tone={tone}>
      <h2>
        <EntityLink entityRef={entityRef} tab="deploys" /> in {environment} <StateBadge plain word={state} state={tone} label={label} />
      </h2>
      <p className="rb-dim">
        {kind === "branch" ? "Written to its branch past everything" : "Seen"} <When at={firstSeen} />
        {endedAt === undefined ? (
          <>. {POLICIES[policy]}</>
        ) : (
          <>
            , {label} <When at={endedAt} />
          </>
        )}
        {endedBy !== undefined && !open && ` by ${nameOf(endedBy)}`}
        {why !== undefined && `: ${why}`}
      </p>
      <div className={classes.scroll} tabIndex={0} role="region" aria-label={`What is different of ${entityRef} in ${environment}`}>
        <table className={classes.differences}>
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">Git says</th>
              <th scope="col">{kind === "branch" ? "They wrote" : "What runs"}</th>
            </tr>
          </thead>
          <tbody>
            {differences.map(({ field, git, runs }) => (
              <tr key={field}>
                <th scope="row">
                  <code className="rb-mono">{field}</code>
                </th>
                <td>
                  {git === undefined ? <span className="rb-dim">nothing</span> : <code className="rb-mono">{short(field, git)}</code>}
                </td>
                <td>
                  {runs === undefined ? <span className="rb-dim">nothing</span> : <code className="rb-mono">{short(field, runs)}</code>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {open && (
        <Group gap="xs" mt="sm">
          <Button size="xs" onClick={() => setAct("heal")}>
            Heal…
          </Button>
          <Button size="xs" variant="default" onClick={() => setAct("accept")}>
            Accept into Git…
          </Button>
        </Group>
      )}
      <Modal opened={act !== undefined} onClose={() => setAct(undefined)} title={act === "accept" ? "Accept into Git" : "Heal"}>
        {act !== undefined && <Decide drift={drift} act={act} onClose={() => setAct(undefined)} />}
      </Modal>
    </article>
  );
}

function Decide({
  drift,
  act,
  onClose,
}: {
  readonly drift: Drift;
  readonly act: "heal" | "accept";
  readonly onClose: () => void;
}): ReactNode {
  const [text, setText] = useState("");
  const heal = useAct(healDrift, { onDone: onClose });
  const accept = useAct(acceptDrift, { onDone: onClose });
  const reason = text.trim();
  const { id, environment } = drift;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (act === "accept") accept.mutate({ id, reason });
        else heal.mutate({ id, ...(reason !== "" && { reason }) });
      }}
    >
      <Stack gap="sm">
        <Text size="sm">
          {act === "accept"
            ? `A commit on env/${environment} says from now on what runs, with your name and reason. It counts until another release comes there.`
            : "What Git says is deployed, started or stopped. What runs now ends when that is healthy."}
        </Text>
        <Textarea
          label="Reason"
          description={act === "accept" ? "Stands in Git and in the audit" : undefined}
          autosize
          minRows={2}
          maxLength={1_000}
          required={act === "accept"}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          data-autofocus
        />
        <FormFoot
          act={act === "accept" ? "Accept it" : "Heal it"}
          sending={heal.isPending || accept.isPending}
          disabled={act === "accept" && reason.length < 3}
          fault={heal.error ?? accept.error}
          onClose={onClose}
        />
      </Stack>
    </form>
  );
}

function short(field: string, value: string): string {
  return field === "commit" ? value.slice(0, 12) : value;
}
