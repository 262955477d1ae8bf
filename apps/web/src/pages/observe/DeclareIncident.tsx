import { Button, Group, Modal, Radio, Stack, TextInput } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";

import { openIncident, type Incident } from "@roadbed/contracts/telemetry";
import { useAct } from "../../api/use-operation.ts";
import { ServiceSelect } from "../../observe/ServiceSelect.tsx";
import { useComponents } from "../../observe/use-components.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";

const SEVERITIES: readonly { readonly value: Incident["severity"]; readonly label: string; readonly description: string }[] = [
  { value: "low", label: "Low", description: "Somebody notices; work goes on." },
  { value: "high", label: "High", description: "Many are hindered." },
  { value: "critical", label: "Critical", description: "It does not work, or harms." },
];

interface Props {
  readonly opened: boolean;
  /** The service it is about, where that is known already. */
  readonly service: string | undefined;
  readonly onClose: () => void;
}

/** Says what users see, on which service, how bad. */
export function DeclareIncident({ opened, service, onClose }: Props): ReactNode {
  return (
    <Modal opened={opened} onClose={onClose} title="Declare an incident">
      <Form key={service} service={service} onClose={onClose} />
    </Modal>
  );
}

function Form({ service: known, onClose }: Omit<Props, "opened">): ReactNode {
  const [title, setTitle] = useState("");
  const [service, setService] = useState(known);
  const [severity, setSeverity] = useState<Incident["severity"]>("high");
  const components = useComponents();
  const act = useAct(openIncident, { onDone: onClose });
  const entityRef = service === undefined ? undefined : components.get(service)?.ref;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (service !== undefined) act.mutate({ title: title.trim(), service, severity, ...(entityRef !== undefined && { entityRef }) });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput
          label="What do users see?"
          placeholder="Payments fail for one card in four"
          required
          withAsterisk={false}
          maxLength={200}
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
          data-autofocus
        />
        <ServiceSelect value={service} onChange={setService} required />
        <Radio.Group
          label="How bad is it?"
          value={severity}
          onChange={(value) => setSeverity(SEVERITIES.find((one) => one.value === value)?.value ?? "high")}
        >
          <Stack gap={6} mt={6}>
            {SEVERITIES.map(({ value, label, description }) => (
              <Radio key={value} value={value} label={label} description={description} />
            ))}
          </Stack>
        </Radio.Group>
        {act.error !== null && <ErrorState error={act.error} />}
        <p className="rb-dim" style={{ margin: 0, fontSize: 12.5 }}>
          It stands on the home page of everybody until it is closed, and marks the charts of the service.
        </p>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={act.isPending} disabled={title.trim() === "" || service === undefined}>
            Declare the incident
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
