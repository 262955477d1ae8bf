import { Button, Checkbox, Input, SegmentedControl, Select, Stack, Text, TextInput } from "@mantine/core";
import type { ReactNode } from "react";

import { createToken } from "@roadbed/contracts/identity";
import type { InputOf, OutputOf } from "@roadbed/core";
import { FormFoot } from "../../ui/FormFoot.tsx";
import { Panel } from "../../ui/Page.tsx";
import type { Me } from "./ProfileTab.tsx";
import { mayGive, mayScope, PURPOSES, scopeGroups } from "./scopes.ts";
import classes from "./settings.module.css";
import { useForm, type Form } from "./use-form.ts";

interface Values {
  readonly name: string;
  readonly kind: "personal" | "service" | "agent";
  readonly scopes: readonly string[];
  readonly expiresInDays: string;
}

interface Props {
  readonly me: Me;
  readonly onMade: (output: OutputOf<typeof createToken>) => void;
  readonly onClose: () => void;
}

const EMPTY: Values = { name: "", kind: "personal", scopes: [], expiresInDays: "90" };

/** A new token: what for, what it may do, for how long. */
export function TokenForm({ me, onMade, onClose }: Props): ReactNode {
  const form = useForm(createToken, EMPTY, {
    toInput: ({ name, kind, scopes, expiresInDays }) => ({
      name: name.trim(),
      kind,
      scopes: [...scopes] as InputOf<typeof createToken>["scopes"],
      expiresInDays: Number(expiresInDays),
    }),
    onDone: onMade,
  });
  return (
    <Panel>
      <form onSubmit={form.submit} aria-label="New token">
        <Stack gap="md">
          <Basics form={form} me={me} />
          <Scopes form={form} me={me} />
          <FormFoot act="Make the token" sending={form.sending} disabled={!form.fits} fault={form.fault} onClose={onClose} />
        </Stack>
      </form>
    </Panel>
  );
}

const KINDS = {
  personal: "Acts as you. It may never do more than you may at that moment.",
  service: "Acts for itself, e.g. for a build. It goes on when people leave.",
  agent: "Acts for you, and is written as an agent into the audit log. It must say why before risky acts.",
} as const;

function Basics({ form, me }: { readonly form: Form<Values>; readonly me: Me }): ReactNode {
  const { values, set, error, touch } = form;
  return (
    <div className={classes.basics}>
      <TextInput
        label="Name"
        description="What it is for, so that you know it again."
        placeholder="laptop, build of orders, …"
        value={values.name}
        onChange={(event) => set({ name: event.currentTarget.value })}
        onBlur={touch("name")}
        error={error("name")}
        data-autofocus
        autoFocus
      />
      <Select
        label="Works for"
        description={`Until ${DAY.format(Date.now() + Number(values.expiresInDays) * 86_400_000)}.`}
        allowDeselect={false}
        data={LIFETIMES.map(([value, label]) => ({ value, label }))}
        value={values.expiresInDays}
        onChange={(value) => set({ expiresInDays: value ?? "90" })}
        error={error("expiresInDays")}
      />
      <Input.Wrapper label="Kind" labelElement="div" description={KINDS[values.kind]}>
        <SegmentedControl
          aria-label="Kind"
          mt={5}
          size="sm"
          value={values.kind}
          onChange={(kind) => set({ kind: kind as Values["kind"] })}
          data={[
            { value: "personal", label: "Personal" },
            { value: "service", label: "Service", disabled: !mayScope(me.scopes, "*") },
            { value: "agent", label: "Agent" },
          ]}
        />
      </Input.Wrapper>
    </div>
  );
}

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric" });

const LIFETIMES = [
  ["7", "A week"],
  ["30", "A month"],
  ["90", "Three months"],
  ["180", "Half a year"],
  ["365", "A year"],
] as const;

function Scopes({ form, me }: { readonly form: Form<Values>; readonly me: Me }): ReactNode {
  const { values, set, error } = form;
  const all = values.scopes.includes("*");
  const toggle = (scope: string): void =>
    set({ scopes: values.scopes.includes(scope) ? values.scopes.filter((one) => one !== scope) : [...values.scopes, scope] });
  return (
    <fieldset className={classes.scopes}>
      <legend>What it may do</legend>
      <div className={classes.purposes}>
        <span className="rb-dim">Begin with:</span>
        {PURPOSES.map(({ label, what, scopes }) => (
          <Button
            key={label}
            size="compact-sm"
            variant="default"
            title={what}
            disabled={!scopes.every((scope) => mayGive(me.scopes, scope))}
            onClick={() => set({ scopes })}
          >
            {label}
          </Button>
        ))}
        {mayScope(me.scopes, "*") && (
          <Button size="compact-sm" variant="default" title="Everything an administrator may do" onClick={() => set({ scopes: ["*"] })}>
            Everything
          </Button>
        )}
        {values.scopes.length > 0 && (
          <Button size="compact-sm" variant="subtle" onClick={() => set({ scopes: [] })}>
            Nothing
          </Button>
        )}
      </div>
      {all ? (
        <p className={classes.warning}>It may do everything an administrator may, also remove data and people. Prefer a smaller set.</p>
      ) : (
        <div className={classes.scopeGroups}>
          {scopeGroups().map(({ title, scopes }) => (
            <div key={title} role="group" aria-label={title}>
              <h3>{title}</h3>
              {scopes.map(({ scope, label, what }) => (
                <Checkbox
                  key={scope}
                  size="xs"
                  label={
                    <>
                      {label} <code className={classes.scopeName}>{scope}</code>
                    </>
                  }
                  description={mayGive(me.scopes, scope) ? what : "You may not do this yourself."}
                  disabled={!mayGive(me.scopes, scope)}
                  checked={values.scopes.includes(scope)}
                  onChange={() => toggle(scope)}
                />
              ))}
            </div>
          ))}
        </div>
      )}
      {error("scopes") !== undefined && (
        <Text size="xs" c="var(--mantine-color-error)" role="alert">
          {error("scopes")}
        </Text>
      )}
    </fieldset>
  );
}
