import { Button, Group, Modal, NumberInput, Select, Stack, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { mendCampaign, openMend, previewMend } from "@roadbed/contracts/standards/mends";
import type { RuleResult } from "@roadbed/contracts/standards/scores";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { tellDone } from "../settings/tell.ts";
import classes from "./scorecards.module.css";

type Patch = NonNullable<RuleResult["patch"]>;
type Values = Readonly<Record<string, string>>;

/** The values that are filled in before anybody types. */
function usualOf(patch: Patch): Values {
  return Object.fromEntries(patch.values.map(({ name, default: usual, options }) => [name, usual ?? options[0] ?? ""]));
}

function isWhole(patch: Patch, values: Values): boolean {
  return patch.values.every(({ name }) => (values[name] ?? "").trim() !== "");
}

function ValueFields({
  patch,
  values,
  onChange,
}: {
  readonly patch: Patch;
  readonly values: Values;
  readonly onChange: (values: Values) => void;
}): ReactNode {
  return patch.values.map(({ name, title, options }) =>
    options.length > 0 ? (
      <Select
        key={name}
        label={title}
        data={[...options]}
        allowDeselect={false}
        value={values[name] ?? null}
        onChange={(next) => onChange({ ...values, [name]: next ?? "" })}
      />
    ) : (
      <TextInput
        key={name}
        label={title}
        value={values[name] ?? ""}
        onChange={(event) => onChange({ ...values, [name]: event.currentTarget.value })}
        required
      />
    ),
  );
}

/** Opens the change that mends one rule of one thing: what is asked, what the files would become, and then the change. */
export function MendDialog({
  entityRef,
  scorecard,
  rule,
  patch,
  onClose,
}: {
  readonly entityRef: string;
  readonly scorecard: string;
  readonly rule: string;
  readonly patch: Patch;
  readonly onClose: () => void;
}): ReactNode {
  const [values, setValues] = useState(usualOf(patch));
  const [shown, setShown] = useState<Values | undefined>(
    patch.values.every(({ default: usual }) => usual !== undefined) ? values : undefined,
  );
  const about = { ref: entityRef, scorecard, rule };
  const preview = useOperation(previewMend, { ...about, values: { ...shown } }, { enabled: shown !== undefined });
  const open = useAct(openMend, {
    touches: ["standards"],
    onDone: ({ repository }) => {
      tellDone(repository === undefined ? "The change is being opened." : `The change is open in ${repository}.`);
      onClose();
    },
  });
  const isShown = shown !== undefined && JSON.stringify(shown) === JSON.stringify(values);
  return (
    <Modal opened onClose={onClose} title={patch.title} size="xl">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!isShown) setShown(values);
          else open.mutate({ ...about, values: { ...values } });
        }}
      >
        <Stack gap="sm">
          <ValueFields patch={patch} values={values} onChange={setValues} />
          {isShown && preview.error !== null && <ErrorState error={preview.error} />}
          {isShown && preview.data !== undefined && (
            <>
              <p className="rb-dim">
                In {preview.data.repository}, on the branch {preview.data.branch}:
              </p>
              {preview.data.files.map(({ path, before, after }) => (
                <figure key={path} className={classes.file}>
                  <figcaption>
                    {path} <span className="rb-dim">{before === undefined ? "new" : "changed"}</span>
                  </figcaption>
                  <pre tabIndex={0}>{after}</pre>
                </figure>
              ))}
            </>
          )}
          {open.error !== null && <ErrorState error={open.error} />}
          <Group gap="xs">
            {isShown ? (
              <Button type="submit" loading={open.isPending} disabled={preview.data === undefined}>
                Open the change
              </Button>
            ) : (
              <Button type="submit" disabled={!isWhole(patch, values)}>
                Show what it changes
              </Button>
            )}
            <Button variant="default" onClick={onClose}>
              Not now
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** Opens the changes that mend a rule for everything of a campaign that it fails for. */
export function CampaignMendDialog({
  name,
  rules,
  owner,
  system,
  onClose,
}: {
  readonly name: string;
  readonly rules: readonly { readonly id: string; readonly title: string; readonly patch: Patch }[];
  readonly owner: string | undefined;
  readonly system: string | undefined;
  readonly onClose: () => void;
}): ReactNode {
  const [rule, setRule] = useState(rules[0]!);
  const [values, setValues] = useState(usualOf(rule.patch));
  const [perWave, setPerWave] = useState(20);
  const act = useAct(mendCampaign, {
    touches: ["standards"],
    onDone: ({ added, known, waves }) => {
      tellDone(`${formatCount(added, "change")} in ${formatCount(waves, "wave")}${known > 0 ? `; ${known} were open already` : ""}.`);
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title="Open the changes" size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          act.mutate({
            name,
            rule: rule.id,
            perWave,
            values: { ...values },
            ...(owner !== undefined && { owner }),
            ...(system !== undefined && { system }),
          });
        }}
      >
        <Stack gap="sm">
          <Select
            label="Which rule they mend"
            allowDeselect={false}
            data={rules.map(({ id, title }) => ({ value: id, label: title }))}
            value={rule.id}
            onChange={(id) => {
              const next = rules.find((one) => one.id === id) ?? rule;
              setRule(next);
              setValues(usualOf(next.patch));
            }}
          />
          <ValueFields patch={rule.patch} values={values} onChange={setValues} />
          <NumberInput
            label="Changes in a wave"
            description="The next wave begins when all of one are merged, closed or refused."
            min={1}
            max={500}
            w={220}
            value={perWave}
            onChange={(next) => setPerWave(Number(next) || 20)}
          />
          <p className="rb-dim">
            One change for each thing that the rule fails for
            {owner === undefined && system === undefined ? "" : ", as far as the team and the system on the page go"}. What is open already
            stays as it is.
          </p>
          {act.error !== null && <ErrorState error={act.error} />}
          <Group gap="xs">
            <Button type="submit" loading={act.isPending} disabled={!isWhole(rule.patch, values)}>
              Open the changes
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
