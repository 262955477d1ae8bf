import { Button, Textarea } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";

import { deleteKind, saveKind, testKind, type getKind } from "@roadbed/contracts/catalog/kinds";
import type { OutputOf } from "@roadbed/core";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { toYaml } from "../../format/yaml.ts";
import { Confirm } from "../../ui/Confirm.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Section } from "../../ui/Page.tsx";
import { tellDone } from "../settings/tell.ts";
import { asKind } from "./kind-document.ts";
import { KindForm } from "./KindForm.tsx";
import classes from "./kinds.module.css";
import { KindState } from "./KindState.tsx";
import { KindVerdict } from "./KindVerdict.tsx";

type Kind = OutputOf<typeof getKind>;
const WAIT_MS = 400;

/** A form and the text it writes, side by side; whatever one changes is tested while one works, and saved when one says so. */
export function KindEditor({ kind, document }: { readonly kind?: Kind; readonly document: object }): ReactNode {
  const navigate = useNavigate();
  const [begun] = useState(() => toYaml(document));
  const [yaml, setYaml] = useState(begun);
  const [removing, setRemoving] = useState(false);
  const [asked] = useDebouncedValue(yaml, WAIT_MS);
  const test = useOperation(testKind, { yaml: asked }, { keep: true, enabled: asked.trim() !== "" });
  // The form shows the text as the server last understood it: one that cannot be read leaves it as it was.
  const [form, setForm] = useState(() => asKind(document));
  const [typed, setTyped] = useState(false);
  const understood = test.data?.document;
  const shown = typed && understood !== undefined && asked === yaml ? asKind(understood) : form;
  const save = useAct(saveKind, {
    onDone: ({ name, change }) => {
      tellDone(change === "unchanged" ? `${name} is as it was.` : `${name} is saved.`);
      void navigate({ to: "/kinds/$name", params: { name } });
    },
  });
  const remove = useAct(deleteKind, {
    onDone: ({ removed }) => {
      tellDone(`${removed} is removed.`);
      void navigate({ to: "/settings", search: { tab: "kinds" } });
    },
  });
  const needsConfirm = test.data !== undefined && test.data.problems.length === 0 && test.data.invalid.count > 0;
  // The editor of a built-in kind begins empty: saving that would add an extension that says nothing.
  const untouched = kind !== undefined && kind.document === undefined && yaml === begun;
  const ready = test.data !== undefined && asked === yaml && !test.isPlaceholderData && test.data.problems.length === 0;
  return (
    <>
      {kind !== undefined && <KindState kind={kind} />}
      <div className={classes.editor}>
        <Section title={kind !== undefined && kind.origin !== "own" ? `What you add to ${kind.name}` : "Form"}>
          <KindForm
            value={shown}
            fixedName={kind?.name}
            onChange={(next) => {
              setTyped(false);
              setForm(next);
              setYaml(toYaml(next));
            }}
          />
        </Section>
        <Section title="YAML">
          <Textarea
            aria-label="The kind as YAML"
            value={yaml}
            onChange={(event) => {
              setForm(shown);
              setTyped(true);
              setYaml(event.currentTarget.value);
            }}
            autosize
            minRows={24}
            maxRows={48}
            spellCheck={false}
            classNames={{ input: classes.yaml ?? "" }}
          />
        </Section>
      </div>
      <Section title="What saving would change">
        {untouched ? (
          <p className="rb-dim">
            Nothing yet. {kind.name} is built in: add fields, relations, derived properties or rules, and they are checked against what is
            in the catalogue before you save.
          </p>
        ) : test.error !== null ? (
          <ErrorState error={test.error} />
        ) : (
          <KindVerdict test={test.data} stale={asked !== yaml || test.isPlaceholderData} />
        )}
        {save.error !== null && <ErrorState error={save.error} />}
        {remove.error !== null && <ErrorState error={remove.error} />}
        <div className={classes.acts}>
          <Button
            disabled={!ready || untouched || test.data?.change === "unchanged"}
            loading={save.isPending}
            {...(needsConfirm && { color: "orange" })}
            onClick={() => save.mutate({ yaml, confirm: needsConfirm })}
          >
            {needsConfirm ? `Save, and leave ${test.data?.invalid.count} invalid` : "Save"}
          </Button>
          {kind?.document !== undefined && (
            <Button variant="default" onClick={() => setRemoving(true)}>
              {kind.origin === "own" ? "Remove this kind" : "Remove the extension"}
            </Button>
          )}
        </div>
      </Section>
      {kind !== undefined && (
        <Confirm
          opened={removing}
          onClose={() => setRemoving(false)}
          title={`Remove ${kind.name}`}
          what={kind.origin === "own" ? "The kind goes; a kind that is in use is not removed." : `${kind.name} becomes what is built in.`}
          word={kind.name}
          act="Remove"
          onConfirm={() => remove.mutate({ name: kind.name })}
        />
      )}
    </>
  );
}
