import { Button, Modal, Stack, Text, Textarea } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";

import { overrideGate, type Gate } from "@roadbed/contracts/delivery/promotions";
import { useAct } from "../../api/use-operation.ts";
import { useActorName } from "../../ui/Actor.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import { IntervalPicture } from "../evaluations/IntervalPicture.tsx";
import classes from "./promotions.module.css";
import { GATE_TONES, GATE_WORDS } from "./words.tsx";

/** One gate: its verdict, why, what was seen, and the way past it where there is one. */
export function GateCard({
  gate,
  promotionId,
  open,
}: {
  readonly gate: Gate;
  readonly promotionId: string;
  readonly open: boolean;
}): ReactNode {
  const { name, title, verdict, why, evidence, until, overridden, intervals = [] } = gate;
  const nameOf = useActorName();
  const tone = overridden === undefined ? GATE_TONES[verdict] : "warn";
  return (
    <article className={classes.gate} data-tone={tone} aria-label={title}>
      <h3>
        {title}
        <StateBadge plain word={verdict} state={tone} label={overridden === undefined ? GATE_WORDS[verdict] : "let pass"} />
      </h3>
      <p>{why}</p>
      {until !== undefined && verdict === "waiting" && (
        <p className="rb-dim">
          By itself <When at={until} />
        </p>
      )}
      {overridden !== undefined && (
        <p data-state="warn">
          {nameOf(overridden.by)} let it pass <When at={overridden.at} />: {overridden.reason}
        </p>
      )}
      {intervals.map((interval) => (
        <div key={interval.label}>
          <span className="rb-dim">{interval.label}</span>
          <IntervalPicture {...interval} />
        </div>
      ))}
      {evidence.length > 0 && (
        <dl className={classes.evidence}>
          {evidence.map(({ label, value, link }, index) => (
            <Evidence key={index} label={label} value={value} link={link} />
          ))}
        </dl>
      )}
      {open && verdict !== "passed" && overridden === undefined && name !== "turn" && (
        <Pass gate={name} title={title} promotionId={promotionId} />
      )}
    </article>
  );
}

function Evidence({
  label,
  value,
  link,
}: {
  readonly label: string;
  readonly value: string;
  readonly link: string | undefined;
}): ReactNode {
  const moment = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? <When at={value} /> : value.replace(/T(\d\d:\d\d):[\d.]+Z/g, " $1 UTC");
  return (
    <>
      <dt>{label}</dt>
      <dd>{link === undefined ? moment : <Link to={link as "/"}>{moment}</Link>}</dd>
    </>
  );
}

/** For who may: it is audited, and everybody sees the reason. */
function Pass({ gate, title, promotionId }: { readonly gate: string; readonly title: string; readonly promotionId: string }): ReactNode {
  const [opened, setOpened] = useState(false);
  const [reason, setReason] = useState("");
  const act = useAct(overrideGate, { onDone: () => setOpened(false) });
  return (
    <div>
      <Button size="compact-xs" variant="default" onClick={() => setOpened(true)}>
        Let it pass…
      </Button>
      <Modal opened={opened} onClose={() => setOpened(false)} title={`Let it pass: ${title}`}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            act.mutate({ id: promotionId, gate, reason: reason.trim() });
          }}
        >
          <Stack gap="sm">
            <Text size="sm">
              The promotion goes on although this gate does not let it through. Your reason stands here, in the audit and in Git.
            </Text>
            <Textarea
              label="Reason"
              minRows={2}
              autosize
              maxLength={1_000}
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
              data-autofocus
            />
            {act.error !== null && <ErrorState error={act.error} />}
            <Button type="submit" loading={act.isPending} disabled={reason.trim().length < 10}>
              Let it pass
            </Button>
          </Stack>
        </form>
      </Modal>
    </div>
  );
}
