import { Button, Textarea } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";

import { approveWaiver, refuseWaiver, revokeWaiver, type Waiver } from "@roadbed/contracts/standards/waivers";
import { useAct } from "../../api/use-operation.ts";
import { Actor } from "../../ui/Actor.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Tag } from "../../ui/Tag.tsx";
import { When } from "../../ui/When.tsx";
import classes from "./standards.module.css";

/** Waivers with their reasons, and what can be done about each. */
export function WaiverList({
  waivers,
  withPolicy = true,
}: {
  readonly waivers: readonly Waiver[];
  readonly withPolicy?: boolean;
}): ReactNode {
  return (
    <ul className={classes.findings} aria-label="Waivers">
      {waivers.map((waiver) => (
        <WaiverItem key={waiver.id} waiver={waiver} withPolicy={withPolicy} />
      ))}
    </ul>
  );
}

function WaiverItem({ waiver, withPolicy }: { readonly waiver: Waiver; readonly withPolicy: boolean }): ReactNode {
  const { policy, entity, namespace, team, reason, owner, requestedBy, requestedAt, expiresAt, state, decidedBy, note, rule } = waiver;
  return (
    <li className={classes.finding} data-severity={state === "requested" ? "warn" : state === "approved" ? "waived" : "over"}>
      <div className={classes.findingHead}>
        <h2>
          {withPolicy && (
            <>
              <Link to="/standards/policies/$name" params={{ name: policy }}>
                {policy}
              </Link>{" "}
              for{" "}
            </>
          )}
          {entity !== undefined && <EntityLink entityRef={entity} />}
          {namespace !== undefined && `namespace ${namespace}`}
          {team !== undefined && <EntityLink entityRef={team} />}
        </h2>
        <Tag>{state}</Tag>
      </div>
      <p className={classes.reason}>{reason}</p>
      <p className="rb-dim">
        asked for by <Actor of={requestedBy} /> <When at={requestedAt} /> · answers for it: <Actor of={owner} /> ·{" "}
        {state === "approved" || state === "requested" ? "ends" : "was to end"} <When at={expiresAt} />
        {decidedBy !== undefined && (
          <>
            {" "}
            · {rule === undefined ? <Actor of={decidedBy} /> : `rule ${rule}`} {state === "approved" ? "approved it" : `: ${state}`}
          </>
        )}
        {note !== undefined && ` · “${note}”`}
      </p>
      <WaiverActs waiver={waiver} />
    </li>
  );
}

function WaiverActs({ waiver: { id, state } }: { readonly waiver: Waiver }): ReactNode {
  const [refusing, setRefusing] = useState(false);
  const [note, setNote] = useState("");
  const touches = ["standards"];
  const approve = useAct(approveWaiver, { touches });
  const refuse = useAct(refuseWaiver, { touches });
  const revoke = useAct(revokeWaiver, { touches });
  const error = approve.error ?? refuse.error ?? revoke.error;
  if (state !== "requested" && state !== "approved") return null;
  return (
    <>
      {error !== null && <ErrorState error={error} />}
      {refusing ? (
        <form
          className={classes.refuse}
          onSubmit={(event) => {
            event.preventDefault();
            refuse.mutate({ id, note: note.trim() });
          }}
        >
          <Textarea
            aria-label="Why not"
            placeholder="Why not, and what to do in its place"
            autosize
            minRows={1}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
            data-autofocus
          />
          <Button type="submit" size="xs" disabled={note.trim() === ""} loading={refuse.isPending}>
            Refuse
          </Button>
        </form>
      ) : (
        <div className={classes.acts}>
          {state === "requested" && (
            <>
              <Button size="xs" onClick={() => approve.mutate({ id })} loading={approve.isPending}>
                Approve
              </Button>
              <Button size="xs" variant="default" onClick={() => setRefusing(true)}>
                Refuse…
              </Button>
            </>
          )}
          <Button size="xs" variant="subtle" color="gray" onClick={() => revoke.mutate({ id })} loading={revoke.isPending}>
            {state === "requested" ? "Take back" : "Revoke"}
          </Button>
        </div>
      )}
    </>
  );
}
