import { Button, Checkbox, Group, Stack, TextInput } from "@mantine/core";
import { useEffect, useState, type ReactNode } from "react";

import { importSource } from "@roadbed/contracts/catalog";
import type { OutputOf } from "@roadbed/core";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Panel } from "../../ui/Page.tsx";
import { useForm } from "../settings/use-form.ts";
import { ImportProgress } from "./ImportProgress.tsx";
import { ImportResult } from "./ImportResult.tsx";
import classes from "./sources.module.css";
import { kindOfTarget, nameOfTarget } from "./words.ts";

interface Props {
  /** Undefined: the form stays. */
  readonly onClose: (() => void) | undefined;
  readonly onBusy: (busy: boolean) => void;
  readonly onDone: () => void;
}

const EMPTY = { target: "", name: "", branch: "", watch: true };

/** Point Roadbed at a folder or a Git URL; it answers when everything it read can be found. */
export function BringYours({ onClose, onBusy, onDone }: Props): ReactNode {
  const [result, setResult] = useState<OutputOf<typeof importSource> | undefined>();
  const form = useForm(importSource, EMPTY, {
    toInput: ({ target, name, branch, watch }) => ({
      target: target.trim(),
      watch,
      ...(name.trim() !== "" && { name: name.trim() }),
      ...(branch.trim() !== "" && kindOfTarget(target) === "git" && { branch: branch.trim() }),
    }),
    onDone: (output) => {
      setResult(output);
      onDone();
    },
    touches: ["catalog", "paths"],
  });
  useEffect(() => onBusy(form.sending), [form.sending, onBusy]);
  const again = (): void => {
    setResult(undefined);
    form.reset();
  };
  if (result !== undefined) return <ImportResult result={result} onAgain={again} onClose={onClose} />;
  return (
    <div className={classes.bring}>
      <Panel>
        <form onSubmit={form.submit} aria-label="Bring yours">
          <Fields form={form} />
          {form.fault !== null && (
            <div className={classes.fault}>
              <ErrorState error={form.fault} />
            </div>
          )}
          {form.sending && <ImportProgress target={form.values.target} />}
          <Group gap="xs" mt="md">
            <Button type="submit" loading={form.sending} disabled={form.values.target.trim() === ""}>
              Read it
            </Button>
            {onClose !== undefined && (
              <Button variant="default" onClick={onClose}>
                Not now
              </Button>
            )}
          </Group>
        </form>
      </Panel>
    </div>
  );
}

function Fields({ form }: { readonly form: ReturnType<typeof useForm<typeof importSource, typeof EMPTY>> }): ReactNode {
  const { values, set, error, touch, sending } = form;
  const kind = kindOfTarget(values.target);
  return (
    <Stack gap="sm" maw={640}>
      <TextInput
        label="Folder or Git URL"
        description={HINTS[values.target.trim() === "" ? "unclear" : kind]}
        placeholder="/srv/catalog or https://git.example.org/platform/catalog.git"
        value={values.target}
        onChange={(event) => set({ target: event.currentTarget.value })}
        onBlur={touch("target")}
        error={error("target")}
        disabled={sending}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        classNames={{ input: "rb-mono" }}
      />
      <TextInput
        label="Name"
        description="How the source is called in lists. It may be left out."
        placeholder={nameOfTarget(values.target)}
        value={values.name}
        onChange={(event) => set({ name: event.currentTarget.value })}
        onBlur={touch("name")}
        error={error("name")}
        disabled={sending}
      />
      {kind === "git" && (
        <TextInput
          label="Branch"
          description="The repository's main branch, unless another is named."
          value={values.branch}
          onChange={(event) => set({ branch: event.currentTarget.value })}
          onBlur={touch("branch")}
          error={error("branch")}
          disabled={sending}
          spellCheck={false}
        />
      )}
      <Checkbox
        label="Follow changes from now on"
        description={
          kind === "git"
            ? "It is fetched again from time to time, and at once when its host calls the webhook."
            : "A saved file is read again within a second or two."
        }
        checked={values.watch}
        onChange={(event) => set({ watch: event.currentTarget.checked })}
        disabled={sending}
      />
    </Stack>
  );
}

const HINTS = {
  unclear:
    "Every catalog-info.yaml and catalog-info.yml below it is read, and what their Location entities point to. Backstage's descriptors work unchanged.",
  folder: "A folder on the machine where Roadbed runs. Every catalog-info.yaml below it is read.",
  git: "A Git repository. It is cloned, and every catalog-info.yaml in it is read. Put no password into the address.",
} as const;
