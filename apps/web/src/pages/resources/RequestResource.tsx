import { Button, Group, Modal, Select, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { listResourceClasses } from "@roadbed/contracts/paths/resource-classes";
import { planResource, requestResource } from "@roadbed/contracts/paths/resources";
import { stopsTheAct } from "@roadbed/contracts/standards";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { CodeBlock } from "../../markdown/CodeBlock.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import classes from "./resources.module.css";
import { costWords } from "./words.tsx";

interface Props {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly onDone: (id: string) => void;
}

/** A form that first shows what would be made, at what price, and what policies say. */
export function RequestResource({ opened, onClose, onDone }: Props): ReactNode {
  const list = useOperation(listResourceClasses, { limit: 500 }, { enabled: opened });
  const [of, setOf] = useState<string | null>(null);
  const [name, setName] = useState("");
  const [environment, setEnvironment] = useState("dev");
  const [owner, setOwner] = useState("");
  const [consumer, setConsumer] = useState("");
  const plan = useAct(planResource, { touches: [] });
  const request = useAct(requestResource, { onDone: ({ id }) => onDone(id) });
  const known = list.data?.items ?? [];
  const chosen = known.find((one) => `${one.type}/${one.class}` === of);
  const input = {
    type: chosen?.type ?? "",
    class: chosen?.class ?? "",
    name: name.trim(),
    environment: environment.trim(),
    ...(owner.trim() !== "" && { owner: owner.trim() }),
    ...(consumer.trim() !== "" && { consumer: consumer.trim() }),
  };
  const changed = <T,>(set: (value: T) => void) => {
    return (value: T): void => {
      set(value);
      plan.reset();
      request.reset();
    };
  };
  const error = request.error ?? plan.error;
  return (
    <Modal opened={opened} onClose={onClose} title="Request a resource" size="lg">
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (plan.data === undefined) plan.mutate(input);
          else request.mutate(input);
        }}
      >
        <Select
          label="Type and class"
          required
          searchable
          data={known.map((one) => ({ value: `${one.type}/${one.class}`, label: `${one.title} (${one.type}/${one.class})` }))}
          value={of}
          onChange={changed(setOf)}
          description={chosen?.description}
        />
        {chosen !== undefined && chosen.promises.length > 0 && (
          <ul className={classes.list} aria-label="What it promises">
            {chosen.promises.map((promise) => (
              <li key={promise}>{promise}</li>
            ))}
          </ul>
        )}
        <TextInput
          label="Name"
          required
          description="Lower-case letters and digits, with single dashes between them"
          value={name}
          onChange={(event) => changed(setName)(event.currentTarget.value)}
        />
        <TextInput
          label="Environment"
          required
          value={environment}
          onChange={(event) => changed(setEnvironment)(event.currentTarget.value)}
        />
        <TextInput
          label="Consumer"
          placeholder="component:default/orders"
          description="The component that uses it: its workload gets the credentials as variables"
          value={consumer}
          onChange={(event) => changed(setConsumer)(event.currentTarget.value)}
        />
        <TextInput
          label="Owner"
          placeholder="group:default/team-a"
          description="That of the consumer, if left out"
          value={owner}
          onChange={(event) => changed(setOwner)(event.currentTarget.value)}
        />
        {plan.data !== undefined && (
          <div aria-live="polite">
            <p>
              {plan.data.words} <b>{costWords(plan.data.cost)}</b> a month
              {plan.data.cost !== undefined && <span className="rb-dim"> ({plan.data.cost.source})</span>}.
            </p>
            <ul className={classes.list} aria-label="What would change">
              {plan.data.changes.map(({ action, kind, name: what, summary, diff }) => (
                <li key={`${kind} ${what}`}>
                  <span className={classes.grow}>
                    {action} {kind} <b>{what}</b> <span className="rb-dim">{summary}</span>
                    {diff !== undefined && (
                      <details>
                        <summary>Line by line</summary>
                        <CodeBlock code={diff} lang="diff" label={`What would be different in ${what}`} />
                      </details>
                    )}
                  </span>
                </li>
              ))}
            </ul>
            {plan.data.unknown.length > 0 && (
              <p className="rb-dim">Known only when it is made: {plan.data.unknown.slice(0, 10).join(", ")}.</p>
            )}
            <p>
              Policies: <StateBadge plain word={plan.data.verdict} />
            </p>
            {plan.data.findings.map(({ policy, message, mend }) => (
              <p key={`${policy} ${message}`}>
                {message} <span className="rb-dim">{mend}</span>
              </p>
            ))}
          </div>
        )}
        {error !== null && <ErrorState error={error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            loading={plan.isPending || request.isPending}
            disabled={plan.data !== undefined && stopsTheAct(plan.data.verdict)}
          >
            {plan.data === undefined ? "Show what it would make" : "Have it made"}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
