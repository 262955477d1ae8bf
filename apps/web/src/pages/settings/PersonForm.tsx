import { PasswordInput, Stack, TextInput } from "@mantine/core";
import type { ReactNode } from "react";

import { createUser } from "@roadbed/contracts/identity";
import { FormFoot } from "../../ui/FormFoot.tsx";
import { Panel } from "../../ui/Page.tsx";
import { RolePicker } from "./RoleChange.tsx";
import { tellDone } from "./tell.ts";
import { useForm } from "./use-form.ts";

type Role = "viewer" | "developer" | "admin";
const EMPTY: { username: string; displayName: string; email: string; role: Role; password: string } = {
  username: "",
  displayName: "",
  email: "",
  role: "developer",
  password: "",
};

/** A new local account. */
export function PersonForm({ onClose }: { readonly onClose: () => void }): ReactNode {
  const form = useForm(createUser, EMPTY, {
    onDone: ({ displayName }) => {
      tellDone(`${displayName} can sign in now.`);
      onClose();
    },
  });
  const { values, set, error, touch } = form;
  return (
    <Panel>
      <form onSubmit={form.submit} aria-label="New account">
        <Stack gap="sm" maw={420}>
          <TextInput
            label="Name"
            placeholder="Ada Lovelace"
            value={values.displayName}
            onChange={(event) => set({ displayName: event.currentTarget.value })}
            onBlur={touch("displayName")}
            error={error("displayName")}
            autoFocus
          />
          <TextInput
            label="Username"
            description="For signing in. A person of this name in the catalogue is taken to be the same."
            value={values.username}
            onChange={(event) => set({ username: event.currentTarget.value })}
            onBlur={touch("username")}
            error={error("username")}
            spellCheck={false}
            autoCapitalize="off"
            autoComplete="off"
          />
          <TextInput
            label="Mail"
            description="It may be left out."
            value={values.email}
            onChange={(event) => set({ email: event.currentTarget.value })}
            onBlur={touch("email")}
            error={error("email")}
            autoComplete="off"
          />
          <RolePicker value={values.role} onChange={(role) => set({ role })} />
          <PasswordInput
            label="First password"
            description="At least 12 characters; tell it to the person, who changes it under Profile. Without one, they can come in only by the company's sign-in."
            autoComplete="new-password"
            value={values.password}
            onChange={(event) => set({ password: event.currentTarget.value })}
            onBlur={touch("password")}
            error={error("password")}
            visibilityToggleButtonProps={{ "aria-label": "Show the password" }}
          />
          <FormFoot act="Make the account" sending={form.sending} disabled={!form.fits} fault={form.fault} onClose={onClose} />
        </Stack>
      </form>
    </Panel>
  );
}
