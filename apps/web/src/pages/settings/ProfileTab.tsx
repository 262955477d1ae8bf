import { Button, PasswordInput, Stack } from "@mantine/core";
import type { ReactNode } from "react";

import { setPassword, type getMe } from "@roadbed/contracts/identity";
import type { OutputOf } from "@roadbed/core";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { Section } from "../../ui/Page.tsx";
import { Tag } from "../../ui/Tag.tsx";
import { LinkAccount } from "./LinkAccount.tsx";
import classes from "./settings.module.css";
import { tellDone } from "./tell.ts";
import { useForm } from "./use-form.ts";

export type Me = OutputOf<typeof getMe>;

/** Who one is here, what one may do, and a new password. */
export function ProfileTab({ me }: { readonly me: Me }): ReactNode {
  return (
    <div className={classes.columns}>
      <Section title="You">
        <Facts
          of={[
            ["Name", me.displayName],
            [
              "Username",
              me.username === undefined ? undefined : (
                <code key="username" className="rb-mono">
                  {me.username}
                </code>
              ),
            ],
            ["Role", me.role === undefined ? undefined : ROLES[me.role]],
            ["May", <Scopes key="scopes" scopes={me.scopes} />],
            [
              "In the catalogue",
              me.username === undefined ? undefined : me.entityRef === undefined ? (
                <span key="entity" className="rb-dim">
                  not linked: what your teams own is not known to be yours
                </span>
              ) : (
                <EntityLink key="entity" entityRef={me.entityRef} />
              ),
            ],
            [
              "Groups",
              me.groups.length === 0
                ? me.entityRef === undefined
                  ? "none"
                  : "none: nobody in the catalogue says you are a member of one"
                : me.groups.map((group) => <EntityLink key={group} entityRef={group} />),
            ],
          ]}
        />
        {me.username !== undefined && mayLink(me) && <LinkAccount username={me.username} entityRef={me.entityRef} />}
      </Section>
      {me.username !== undefined && <PasswordForm first={me.mustSetPassword} />}
    </div>
  );
}

function mayLink({ scopes }: Me): boolean {
  return scopes.some((scope) => scope === "*" || scope === "identity:admin");
}

export const ROLES = {
  viewer: "Viewer: sees everything, changes nothing",
  developer: "Developer: creates, deploys, imports",
  admin: "Administrator: may do all of it",
} as const;

function Scopes({ scopes }: { readonly scopes: readonly string[] }): ReactNode {
  if (scopes.includes("*")) return "everything";
  return (
    <span className={classes.tags}>
      {scopes.map((scope) => (
        <Tag key={scope}>{scope}</Tag>
      ))}
    </span>
  );
}

function PasswordForm({ first }: { readonly first: boolean }): ReactNode {
  const form = useForm(
    setPassword,
    { password: "", current: "" },
    {
      onDone: () => {
        form.reset();
        tellDone("Your new password counts from now on.");
      },
    },
  );
  const { values, set, error, touch } = form;
  return (
    <Section title={first ? "Choose a password" : "Change your password"}>
      <form onSubmit={form.submit}>
        <Stack gap="sm" maw={380}>
          {!first && (
            <PasswordInput
              label="Current password"
              description="Leave it empty if you never chose one."
              autoComplete="current-password"
              value={values.current}
              onChange={(event) => set({ current: event.currentTarget.value })}
              error={error("current")}
              visibilityToggleButtonProps={{ "aria-label": "Show the current password" }}
            />
          )}
          <PasswordInput
            label="New password"
            description="At least 12 characters. A sentence is easy to remember."
            autoComplete="new-password"
            value={values.password}
            onChange={(event) => set({ password: event.currentTarget.value })}
            onBlur={touch("password")}
            error={error("password")}
            visibilityToggleButtonProps={{ "aria-label": "Show the new password" }}
          />
          {form.fault !== null && <ErrorState error={form.fault} />}
          <div>
            <Button type="submit" loading={form.sending} disabled={!form.fits}>
              Set password
            </Button>
          </div>
        </Stack>
      </form>
    </Section>
  );
}
