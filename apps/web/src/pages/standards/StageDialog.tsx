import { Button, Checkbox, Group, Modal, SegmentedControl, Stack, Textarea, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { PolicyMoment } from "@roadbed/contracts/standards";
import { setStage, type Stage } from "@roadbed/contracts/standards/stages";
import { useAct } from "../../api/use-operation.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";

/** What a policy or a pack does from a day on. */
export function StageDialog({
  of,
  onClose,
}: {
  readonly of: { readonly policy: string } | { readonly pack: string };
  readonly onClose: () => void;
}): ReactNode {
  const [action, setAction] = useState<Stage["action"]>("warn");
  const [moments, setMoments] = useState<string[]>([]);
  const [from, setFrom] = useState("");
  const [reason, setReason] = useState("");
  const act = useAct(setStage, { touches: ["standards"], onDone: onClose });
  return (
    <Modal opened onClose={onClose} title={"policy" in of ? `Switch ${of.policy}` : `Switch all policies of the pack ${of.pack}`} size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          act.mutate({
            ...of,
            action,
            ...(moments.length > 0 && { moments: moments as PolicyMoment[] }),
            ...(from !== "" && { from: new Date(from).toISOString() }),
            ...(reason.trim() !== "" && { reason: reason.trim() }),
          });
        }}
      >
        <Stack gap="sm">
          <SegmentedControl
            aria-label="What a no does"
            value={action}
            onChange={(value) => setAction(value as Stage["action"])}
            data={[
              { value: "off", label: "Off" },
              { value: "audit", label: "Only note" },
              { value: "warn", label: "Warn" },
              { value: "deny", label: "Stop the act" },
            ]}
          />
          <Checkbox.Group label="At which points" description="None: at all at which it holds." value={moments} onChange={setMoments}>
            <Group gap="md" mt={6}>
              {PolicyMoment.options.map((moment) => (
                <Checkbox key={moment} value={moment} label={moment} size="xs" />
              ))}
            </Group>
          </Checkbox.Group>
          <TextInput
            type="datetime-local"
            label="From"
            description="Left out: now. A later day is announced to everybody until then."
            value={from}
            onChange={(event) => setFrom(event.currentTarget.value)}
            w={260}
          />
          <Textarea label="Why" autosize minRows={1} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
          {act.error !== null && <ErrorState error={act.error} />}
          <Group gap="xs">
            <Button type="submit" loading={act.isPending}>
              Switch
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
