import { Button, Group, Modal, Radio, Stack, TextInput } from "@mantine/core";
import type { ReactNode } from "react";

import { updateUser } from "@roadbed/contracts/identity";
import { ErrorState } from "../../ui/ErrorState.tsx";
import type { Person } from "./PeopleTab.tsx";
import { ROLES } from "./ProfileTab.tsx";
import { tellDone } from "./tell.ts";
import { useForm } from "./use-form.ts";

/** Another name or role for a person; it counts at once, also in sessions under way. */
export function RoleChange({ person, onClose }: { readonly person: Person; readonly onClose: () => void }): ReactNode {
  const { username, displayName, role } = person;
  const form = useForm(
    updateUser,
    { username, displayName, role },
    {
      onDone: (changed) => {
        tellDone(`${changed.displayName} is changed.`);
        onClose();
      },
    },
  );
  const { values, set, error } = form;
  const same = values.displayName === displayName && values.role === role;
  return (
    <Modal opened onClose={onClose} title={`Change ${displayName}`}>
      <form onSubmit={form.submit}>
        <Stack gap="sm">
          <TextInput
            label="Name"
            value={values.displayName}
            onChange={(event) => set({ displayName: event.currentTarget.value })}
            error={error("displayName")}
            data-autofocus
          />
          <RolePicker value={values.role} onChange={(next) => set({ role: next })} />
          {form.fault !== null && <ErrorState error={form.fault} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Leave it
            </Button>
            <Button type="submit" loading={form.sending} disabled={same || !form.fits}>
              Change it
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

export function RolePicker({
  value,
  onChange,
}: {
  readonly value: Person["role"];
  readonly onChange: (role: Person["role"]) => void;
}): ReactNode {
  return (
    <Radio.Group label="Role" description="It counts at once." value={value} onChange={(role) => onChange(role as Person["role"])}>
      <Stack gap={6} mt={6}>
        {(["viewer", "developer", "admin"] as const).map((role) => (
          <Radio key={role} size="xs" value={role} label={ROLES[role]} />
        ))}
      </Stack>
    </Radio.Group>
  );
}
