import { Button, Modal, NumberInput, Stack, Switch, TextInput } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";

import { endEnvironment, extendEnvironment, type Environment } from "@roadbed/contracts/delivery/environments";
import { useAct } from "../../api/use-operation.ts";
import { Actor } from "../../ui/Actor.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { FormFoot } from "../../ui/FormFoot.tsx";
import { Section } from "../../ui/Page.tsx";
import { When } from "../../ui/When.tsx";
import { EnvironmentForm } from "./EnvironmentForm.tsx";
import classes from "./environments.module.css";
import { approvalWords, clusterWords, durationWords, evaluationWords } from "./words.ts";

interface Props {
  readonly environment: Environment;
  readonly all: readonly Environment[];
  readonly onGone: () => void;
}

/** One environment: what it is, and what has to hold before a release comes. */
export function EnvironmentPanel({ environment, all, onGone }: Props): ReactNode {
  const [act, setAct] = useState<"edit" | "extend" | "end">();
  const { name, title, description, owner, region, residency, budget, madeBy, expiresAt, frozen, workloads, kubernetes } = environment;
  const close = (): void => setAct(undefined);
  return (
    <Section title={title}>
      {description !== undefined && <p className="rb-prose">{description}</p>}
      <div className={classes.two}>
        <Facts
          of={[
            ["Name", <code key="name">{name}</code>],
            ["Owner", owner === undefined ? "shared, the platform's" : <EntityLink entityRef={owner} />],
            ["Runs in", kubernetes === undefined ? "processes of this machine" : clusterWords(kubernetes)],
            ["Region", region],
            ["Data stays in", residency],
            [
              "Budget a month",
              budget === undefined
                ? undefined
                : `${budget.amount} ${budget.currency}${budget.blockUnknown ? "; unknown cost is kept out" : ""}`,
            ],
            ["Policies", environment.policies.length === 0 ? undefined : environment.policies.join(", ")],
            ["Made by", madeBy === undefined ? undefined : <Actor of={madeBy} />],
            ["Ends", expiresAt === undefined ? undefined : <When at={expiresAt} />],
            [
              "Runs there",
              <Link key="runs" to="/delivery" search={{ environment: name } as never}>
                {workloads === 1 ? "1 workload" : `${workloads} workloads`}
              </Link>,
            ],
            [
              "Frozen",
              frozen === undefined ? undefined : (
                <>
                  {frozen.title}, until <When at={frozen.until} />
                  {frozen.hotfixes ? "; hotfixes may pass" : ""}
                </>
              ),
            ],
          ]}
        />
        <Gates environment={environment} />
      </div>
      <div className={classes.acts}>
        <Button variant="default" size="xs" onClick={() => setAct("edit")}>
          Change it
        </Button>
        {expiresAt !== undefined && (
          <Button variant="default" size="xs" onClick={() => setAct("extend")}>
            Extend
          </Button>
        )}
        <Button variant="default" size="xs" onClick={() => setAct("end")}>
          End it
        </Button>
      </div>
      {act === "edit" && <EnvironmentForm environment={environment} all={all} onClose={close} onDone={close} />}
      <Modal opened={act === "extend"} onClose={close} title={`Extend ${title}`}>
        <ExtendForm name={name} onClose={close} />
      </Modal>
      <Modal opened={act === "end"} onClose={close} title={`End ${title}`}>
        <EndForm environment={environment} onClose={close} onDone={onGone} />
      </Modal>
    </Section>
  );
}

function Gates({
  environment: { upstream, soakMinutes, approvals, gates, errorBudget, automatic, by, evaluation, budget },
}: {
  readonly environment: Environment;
}): ReactNode {
  return (
    <div>
      <p>
        {upstream.length === 0
          ? automatic
            ? "Releases begin here, by themselves."
            : "Releases begin here, when somebody asks for it."
          : `A release comes ${automatic ? "by itself when" : "when somebody asks for it and"} all of this holds:`}
      </p>
      <ul className={classes.gates}>
        {upstream.length > 0 && (
          <li>
            It was healthy in {upstream.join(" or ")}
            {soakMinutes > 0 && ` for ${durationWords(soakMinutes)}`}
          </li>
        )}
        {approvals.map((approval) => (
          <li key={JSON.stringify(approval)}>A yes of {approvalWords(approval)}, never of who asks for it</li>
        ))}
        {errorBudget !== undefined && (
          <li>
            {errorBudget.leastPercent} % of the error budget of each of its objectives is left
            {errorBudget.required && ", and it has one"}; hotfixes and rollbacks pass
          </li>
        )}
        {gates.map(({ name, cel, http, message }) => (
          <li key={name}>
            {name}
            {message !== undefined && <span className="rb-dim">: {message}</span>}
            <code>{cel ?? `POST ${http}`}</code>
          </li>
        ))}
        {evaluation !== undefined && <li>Scores of its models, prompts and agents prove: {evaluationWords(evaluation)}</li>}
        {budget !== undefined && (
          <li>
            With it, what runs there costs no more than {budget.amount} {budget.currency} a month
          </li>
        )}
        {by === "pull-request" && <li>Somebody who may merges its pull request</li>}
        <li className="rb-dim">No policy for promotion denies it, and nothing is frozen</li>
      </ul>
    </div>
  );
}

function ExtendForm({ name, onClose }: { readonly name: string; readonly onClose: () => void }): ReactNode {
  const [hours, setHours] = useState<number | string>(24);
  const [reason, setReason] = useState("");
  const extend = useAct(extendEnvironment, { onDone: onClose });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        extend.mutate({ name, hours: Number(hours), reason: reason.trim() });
      }}
    >
      <Stack gap="sm">
        <NumberInput label="By how many hours" min={1} max={2_160} value={hours} onChange={setHours} required data-autofocus />
        <TextInput label="Why" required minLength={3} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
        <FormFoot
          act="Extend it"
          sending={extend.isPending}
          disabled={reason.trim().length < 3 || !(Number(hours) > 0)}
          fault={extend.error}
          onClose={onClose}
        />
      </Stack>
    </form>
  );
}

function EndForm({
  environment: { name, workloads },
  onClose,
  onDone,
}: {
  readonly environment: Environment;
  readonly onClose: () => void;
  readonly onDone: () => void;
}): ReactNode {
  const [reason, setReason] = useState("");
  const [force, setForce] = useState(false);
  const end = useAct(endEnvironment, { onDone });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        end.mutate({ name, reason: reason.trim(), force });
      }}
    >
      <Stack gap="sm">
        <p>What runs there is stopped. What was deployed there stays readable, and its name can be used again.</p>
        <TextInput
          label="Why"
          required
          minLength={3}
          data-autofocus
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        {workloads > 0 && (
          <Switch label="Although workloads run there" checked={force} onChange={(event) => setForce(event.currentTarget.checked)} />
        )}
        <FormFoot act={`End ${name}`} sending={end.isPending} disabled={reason.trim().length < 3} fault={end.error} onClose={onClose} />
      </Stack>
    </form>
  );
}
