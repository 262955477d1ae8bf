import { Button, Group, Modal, NumberInput, SegmentedControl, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { listPolicies } from "@roadbed/contracts/standards";
import { requestWaiver } from "@roadbed/contracts/standards/waivers";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { EntitySelect } from "../graph/EntitySelect.tsx";

interface Props {
  /** The policy, where it is known already. */
  readonly policy?: string | undefined;
  /** What the policy, or the rule of a scorecard (`scorecard/rule`), is called. */
  readonly title?: string | undefined;
  /** The thing, where it is known already. */
  readonly entityRef?: string | undefined;
  readonly onClose: () => void;
}

const SCOPES = [
  { value: "entity", label: "One thing" },
  { value: "namespace", label: "A namespace" },
  { value: "team", label: "A team" },
] as const;
type Scope = (typeof SCOPES)[number]["value"];

/** Asking for a deviation: from which rule, for what, why, and until when. */
export function RequestWaiver({ policy: given, title, entityRef, onClose }: Props): ReactNode {
  const [policy, setPolicy] = useState(given);
  const [scope, setScope] = useState<Scope>("entity");
  const [about, setAbout] = useState<string | undefined>(entityRef);
  const [reason, setReason] = useState("");
  const [days, setDays] = useState(30);
  const policies = useOperation(listPolicies, { limit: 500 }, { enabled: given === undefined });
  const act = useAct(requestWaiver, { touches: ["standards"], onDone: onClose });
  const ready = policy !== undefined && about !== undefined && about.trim() !== "" && reason.trim().length >= 10;
  return (
    <Modal opened onClose={onClose} title={title === undefined ? "Ask for a waiver" : `Ask for a waiver: ${title}`} size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) act.mutate({ policy, [scope]: about.trim(), reason: reason.trim(), days });
        }}
      >
        <Stack gap="sm">
          {given === undefined && (
            <Select
              label="Policy"
              searchable
              value={policy ?? null}
              onChange={(value) => setPolicy(value ?? undefined)}
              data={(policies.data?.items ?? []).map(({ name, title }) => ({ value: name, label: title }))}
            />
          )}
          <SegmentedControl
            size="xs"
            aria-label="For"
            value={scope}
            onChange={(value) => {
              setScope(value as Scope);
              setAbout(undefined);
            }}
            data={[...SCOPES]}
          />
          {scope === "entity" ? (
            <EntitySelect label="Thing" placeholder="Its name" width="100%" value={about} onChange={setAbout} visibleLabel />
          ) : (
            <TextInput
              label={scope === "team" ? "Team" : "Namespace"}
              placeholder={scope === "team" ? "group:default/payments" : "store"}
              value={about ?? ""}
              onChange={(event) => setAbout(event.currentTarget.value)}
            />
          )}
          <Textarea
            label="Why the rule cannot be kept"
            description="In a sentence that whoever decides can judge, and that is shown with every finding."
            autosize
            minRows={2}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          <NumberInput
            label="Days until it ends"
            min={1}
            max={365}
            value={days}
            onChange={(value) => setDays(Number(value) || 30)}
            w={160}
          />
          {act.error !== null && <ErrorState error={act.error} />}
          <Group gap="xs">
            <Button type="submit" disabled={!ready} loading={act.isPending}>
              Ask
            </Button>
            <Button variant="default" onClick={onClose}>
              Not now
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
