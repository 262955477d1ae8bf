import { Button, Group, TextInput } from "@mantine/core";
import { X } from "lucide-react";
import { useEffect, useState, type FormEvent, type ReactNode } from "react";

import { editProposal, getProposal, type Proposal, type ProposalEvidence } from "@roadbed/contracts/catalog/proposals";
import type { OutputOf } from "@roadbed/core";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { CopyButton } from "../../ui/Copy.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Confidence } from "./Confidence.tsx";
import classes from "./discover.module.css";
import { shortRepository } from "./words.ts";

interface Props {
  readonly id: string;
  readonly onClose: () => void;
  readonly onAccept: (rows: readonly Proposal[]) => void;
  readonly onRefuse: (rows: readonly Proposal[]) => void;
}

/** One proposal: why it is believed, place by place; what it will be; and the fields one may change. */
export function ProposalPanel({ id, onClose, onAccept, onRefuse }: Props): ReactNode {
  const { data, error, isPending } = useOperation(getProposal, { id }, { keep: true });
  return (
    <aside className={classes.panel} aria-label="Proposal">
      <button type="button" className={classes.close} onClick={onClose} aria-label="Close">
        <X size={16} aria-hidden />
      </button>
      {error !== null ? (
        <ErrorState error={error} />
      ) : isPending || data === undefined ? (
        <SkeletonRows rows={8} />
      ) : (
        <Whole of={data} onAccept={onAccept} onRefuse={onRefuse} />
      )}
    </aside>
  );
}

type Detail = OutputOf<typeof getProposal>;

function Whole({ of, onAccept, onRefuse }: { readonly of: Detail } & Pick<Props, "onAccept" | "onRefuse">): ReactNode {
  const { proposal, evidence, relations, owners, descriptor } = of;
  return (
    <>
      <h2 className={classes.panelTitle}>{proposal.state === "accepted" ? <EntityLink entityRef={proposal.ref} /> : proposal.ref}</h2>
      <p className={classes.panelSure}>
        <Confidence of={proposal.confidence} />
      </p>
      {proposal.changes.length > 0 && (
        <ul className={classes.news}>
          {proposal.changes.map((change) => (
            <li key={change}>{change}</li>
          ))}
        </ul>
      )}
      {proposal.state === "open" && proposal.action === "create" && <Edit key={proposal.id} proposal={proposal} />}
      {proposal.owner === undefined && proposal.ownerReason !== undefined && (
        <p className={classes.note}>No owner: {proposal.ownerReason}.</p>
      )}
      {proposal.state === "open" && (
        <Group gap="xs" mb="md">
          <Button size="xs" onClick={() => onAccept([proposal])}>
            Accept
          </Button>
          <Button size="xs" variant="default" onClick={() => onRefuse([proposal])}>
            Refuse
          </Button>
        </Group>
      )}
      {proposal.state === "accepted" && proposal.changes.length > 0 && (
        <Button size="xs" mb="md" onClick={() => onAccept([proposal])}>
          Take this over
        </Button>
      )}
      <h3>Why it is believed</h3>
      <Evidence of={evidence} />
      {relations.length > 0 && (
        <>
          <h3>What it needs and offers</h3>
          <ul className={classes.claims}>
            {relations.map((relation) => (
              <li key={`${relation.field} ${relation.ref}`} data-included={relation.included}>
                <span className="rb-dim">{WORDS[relation.field] ?? relation.field}</span> <b>{relation.ref}</b>{" "}
                <Confidence of={relation.confidence} />
                {!relation.included && <span className="rb-dim"> left out</span>}
                <Evidence of={relation.evidence} />
              </li>
            ))}
          </ul>
        </>
      )}
      {owners.length > 0 && (
        <>
          <h3>Who may own it</h3>
          <ul className={classes.claims}>
            {owners.map((owner) => (
              <li key={owner.ref}>
                <b>{owner.ref}</b> <Confidence of={owner.confidence} />
                <Evidence of={owner.evidence} />
              </li>
            ))}
          </ul>
        </>
      )}
      <h3 className={classes.yamlHead}>
        As a descriptor <CopyButton text={descriptor} what="descriptor" />
      </h3>
      <pre className={classes.yaml} tabIndex={0} role="region" aria-label="Descriptor">
        {descriptor}
      </pre>
    </>
  );
}

const WORDS: Readonly<Record<string, string>> = { dependsOn: "needs", consumesApis: "uses", providesApis: "offers" };

function Evidence({ of }: { readonly of: readonly ProposalEvidence[] }): ReactNode {
  return (
    <ul className={classes.evidence}>
      {of.map(({ repository, file, line, says }, index) => (
        <li key={index}>
          {says}
          {file !== "" && (
            <code title={repository}>
              {shortRepository(repository)}: {file}:{line}
            </code>
          )}
        </li>
      ))}
    </ul>
  );
}

const FIELDS = ["name", "owner", "system"] as const;

/** Name, owner and system in place; what is left as it was is not sent. */
function Edit({ proposal }: { readonly proposal: Proposal }): ReactNode {
  const known = { name: proposal.name, owner: proposal.owner ?? "", system: proposal.system ?? "" };
  const [values, setValues] = useState(known);
  useEffect(
    () => setValues({ name: proposal.name, owner: proposal.owner ?? "", system: proposal.system ?? "" }),
    [proposal.name, proposal.owner, proposal.system],
  );
  const act = useAct(editProposal);
  const changed = FIELDS.filter((field) => values[field] !== known[field]);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const edits = Object.fromEntries(
      changed.map((field) => [field, values[field].trim() === "" && field !== "system" ? null : values[field].trim()]),
    );
    act.mutate({ id: proposal.id, ...edits });
  };
  const isOwned = proposal.kind !== "group" && proposal.kind !== "user";
  return (
    <form onSubmit={submit} className={classes.edit} aria-label="Change the proposal">
      {FIELDS.filter((field) => field === "name" || (isOwned && (field === "owner" || proposal.kind !== "system"))).map((field, at) => (
        <TextInput
          key={field}
          size="xs"
          label={LABELS[field]}
          placeholder={HINTS[field]}
          value={values[field]}
          onChange={(event) => {
            const { value } = event.currentTarget;
            setValues((old) => ({ ...old, [field]: value }));
          }}
          {...(at === 0 && { "data-edit-first": true })}
          spellCheck={false}
        />
      ))}
      {changed.length > 0 && (
        <Button type="submit" size="xs" variant="default" loading={act.isPending}>
          Save
        </Button>
      )}
      {act.error !== null && <ErrorState error={act.error} />}
    </form>
  );
}

const LABELS = { name: "Name", owner: "Owner", system: "System" } as const;
const HINTS = { name: "orders", owner: "group:default/payments", system: "system:default/checkout" } as const;
