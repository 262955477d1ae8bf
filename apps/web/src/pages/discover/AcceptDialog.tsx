import { Button, Checkbox, Group, Modal, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";

import type { Proposal } from "@roadbed/contracts/catalog/proposals";
import { formatCount } from "../../format/number.ts";
import classes from "./discover.module.css";

interface Props {
  readonly of: readonly Proposal[];
  readonly sending: boolean;
  readonly onClose: () => void;
  readonly onAccept: (rows: readonly Proposal[], o: { readonly ownerForRest?: string; readonly along: boolean }) => void;
}

const OWNED = new Set(["component", "api", "resource", "system"]);

/** Says what will be in the catalogue, and asks for the owner of what has none. */
export function AcceptDialog({ of, sending, onClose, onAccept }: Props): ReactNode {
  const [along, setAlong] = useState(true);
  const [owner, setOwner] = useState("");
  const without = of.filter(({ owner: known, kind, action }) => known === undefined && action === "create" && OWNED.has(kind));
  const [only] = of;
  return (
    <Modal
      opened
      onClose={onClose}
      title={of.length === 1 && only !== undefined ? `Accept ${only.ref}` : `Accept ${formatCount(of.length, "proposal")}`}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onAccept(of, { along, ...(owner.trim() !== "" && { ownerForRest: owner.trim() }) });
        }}
      >
        <p className={classes.dialogText}>
          {of.length === 1 ? "It becomes an entity" : "They become entities"} of the catalogue. A descriptor that a repository gets later
          takes over.
        </p>
        {without.length > 0 && (
          <TextInput
            label={without.length === of.length ? "Owner" : `Owner of the ${without.length} that have none`}
            description={
              without.length === of.length
                ? "A group or a person. Nothing was found that is sure enough."
                : `${without
                    .slice(0, 4)
                    .map(({ name }) => name)
                    .join(", ")}${without.length > 4 ? " and others" : ""}. Left empty, they are not accepted.`
            }
            placeholder="group:default/payments"
            value={owner}
            onChange={(event) => setOwner(event.currentTarget.value)}
            data-autofocus
            mb="sm"
          />
        )}
        <Checkbox
          label="Also what they refer to: team, system, APIs and resources"
          checked={along}
          onChange={(event) => setAlong(event.currentTarget.checked)}
        />
        <Group gap="xs" mt="md">
          <Button type="submit" loading={sending} {...(without.length === 0 && { "data-autofocus": true })}>
            Accept
          </Button>
          <Button variant="default" onClick={onClose}>
            Not now
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
