import { Modal, Select, Stack, TagsInput, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { newPolicy } from "@roadbed/contracts/standards/writing";
import { useAct } from "../../api/use-operation.ts";
import { FormFoot } from "../../ui/FormFoot.tsx";
import { SEVERITY_WORDS } from "./policy-words.ts";

const KINDS = [
  "Component",
  "API",
  "Resource",
  "System",
  "Group",
  "Deployment",
  "StatefulSet",
  "CronJob",
  "Service",
  "Ingress",
  "Namespace",
];

interface Props {
  readonly onDone: (written: { readonly text: string; readonly tests: string }) => void;
  readonly onClose: () => void;
}

/** A policy from a few answers: about one field of one kind, with the tests that go with it. */
export function NewPolicy({ onDone, onClose }: Props): ReactNode {
  const [name, setName] = useState("");
  const [kind, setKind] = useState<string>("Component");
  const [field, setField] = useState("/metadata/description");
  const [oneOf, setOneOf] = useState<string[]>([]);
  const [severity, setSeverity] = useState<"audit" | "warn" | "deny">("warn");
  const [why, setWhy] = useState("");
  const act = useAct(newPolicy, {
    touches: [],
    onDone: ({ files }) => onDone({ text: files[0]?.text ?? "", tests: files[1]?.text ?? "" }),
  });
  return (
    <Modal opened onClose={onClose} title="New policy" size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          act.mutate({ name, kind, field, severity, ...(oneOf.length > 0 && { oneOf }), ...(why.trim() !== "" && { why }) });
        }}
      >
        <Stack gap="sm">
          <TextInput
            data-autofocus
            label="Name"
            description="Lower-case letters, digits and dashes."
            placeholder="has-description"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            required
          />
          <Select label="It looks at" data={KINDS} value={kind} onChange={(value) => setKind(value ?? "Component")} searchable />
          <TextInput
            label="The field that must be right"
            description="From the outside in, e.g. /metadata/labels/tier or /spec/replicas."
            value={field}
            onChange={(event) => setField(event.currentTarget.value)}
            required
          />
          <TagsInput label="What it may be" description="None: it must be there." value={oneOf} onChange={setOneOf} />
          <Select
            label="What a no does"
            data={(["audit", "warn", "deny"] as const).map((value) => ({ value, label: SEVERITY_WORDS[value] }))}
            value={severity}
            onChange={(value) => setSeverity((value ?? "warn") as typeof severity)}
          />
          <TextInput
            label="Why"
            description="Whoever is stopped reads it."
            value={why}
            onChange={(event) => setWhy(event.currentTarget.value)}
          />
          <FormFoot act="Write it" sending={act.isPending} disabled={name.trim() === ""} fault={act.error} onClose={onClose} />
        </Stack>
      </form>
    </Modal>
  );
}
