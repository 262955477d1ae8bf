import { Button, Group, Modal, NumberInput, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { approveDeviation, declareDeviation, endDeviation, refuseDeviation } from "@roadbed/contracts/paths/deviations";
import type { Deviation, LedgerDetail } from "@roadbed/contracts/paths/ledger";
import { useAct } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { useActorName } from "../../ui/Actor.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { FormFoot } from "../../ui/FormFoot.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import type { State } from "../../ui/state.ts";
import { When } from "../../ui/When.tsx";
import classes from "./ledger.module.css";

const TONES: Readonly<Record<Deviation["status"], State>> = {
  requested: "busy",
  active: "warn",
  expired: "fail",
  refused: "unknown",
  ended: "unknown",
};

/** What was declared to differ, by whom, why, until when. */
export function Deviations({ made }: { readonly made: LedgerDetail }): ReactNode {
  if (made.deviations.length === 0) return null;
  return (
    <Section title="Deviations" count={made.deviations.length}>
      {made.deviations.map((deviation) => (
        <One key={deviation.id} deviation={deviation} />
      ))}
    </Section>
  );
}

function One({
  deviation: { id, files, reason, owner, requestedBy, decidedBy, status, note, expiresAt },
}: {
  readonly deviation: Deviation;
}): ReactNode {
  const nameOf = useActorName();
  const approve = useAct(approveDeviation);
  const refuse = useAct(refuseDeviation);
  const end = useAct(endDeviation);
  const error = approve.error ?? refuse.error ?? end.error;
  return (
    <div className={classes.note}>
      <div>
        <StateBadge plain word={status} state={TONES[status]} /> {reason}
      </div>
      <div className="rb-dim">
        {files.join(", ")}; asked for by {nameOf(requestedBy)}
        {decidedBy !== undefined && `, decided by ${nameOf(decidedBy)}`}; {owner} answers for it; until <When at={expiresAt} />
        {note !== undefined && `; "${note}"`}
      </div>
      {(status === "requested" || status === "active") && (
        <Group gap="xs" mt={4}>
          {status === "requested" && (
            <>
              <Button size="compact-xs" loading={approve.isPending} onClick={() => approve.mutate({ id })}>
                Approve
              </Button>
              <Button size="compact-xs" variant="default" loading={refuse.isPending} onClick={() => refuse.mutate({ id })}>
                Refuse
              </Button>
            </>
          )}
          <Button size="compact-xs" variant="default" loading={end.isPending} onClick={() => end.mutate({ id })}>
            End it
          </Button>
        </Group>
      )}
      {error !== null && <ErrorState error={error} />}
    </div>
  );
}

/** The way to say that something differs knowingly. */
export function DeclareButton({ made }: { readonly made: LedgerDetail }): ReactNode {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button variant="default" onClick={() => setOpen(true)}>
        Deviate knowingly
      </Button>
      <Modal opened={isOpen} onClose={() => setOpen(false)} title="Deviate knowingly">
        <DeclareForm made={made} onClose={() => setOpen(false)} />
      </Modal>
    </>
  );
}

function DeclareForm({ made, onClose }: { readonly made: LedgerDetail; readonly onClose: () => void }): ReactNode {
  const [reason, setReason] = useState("");
  const [owner, setOwner] = useState("");
  const [days, setDays] = useState(90);
  const declare = useAct(declareDeviation, { onDone: onClose });
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        declare.mutate({ thing: made.id, reason, days, ...(owner.trim() !== "" && { owner: owner.trim() }) });
      }}
    >
      <Stack gap="sm">
        <Text size="sm">
          {formatCount(made.drifted, "file")} that {made.drifted === 1 ? "differs" : "differ"} will count as declared until the day is over.
          Upgrades leave them as they are.
        </Text>
        <Textarea
          label="Why"
          description="Whoever reads it in half a year should understand."
          minLength={10}
          autosize
          minRows={2}
          required
          data-autofocus
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <TextInput
          label="Who answers for it"
          placeholder="the owner of the thing"
          value={owner}
          onChange={(event) => setOwner(event.currentTarget.value)}
        />
        <NumberInput label="Days" min={1} max={730} value={days} onChange={(value) => setDays(Number(value))} />
        <FormFoot
          act="Declare it"
          sending={declare.isPending}
          disabled={reason.trim().length < 10}
          fault={declare.error}
          onClose={onClose}
        />
      </Stack>
    </form>
  );
}
