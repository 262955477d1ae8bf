import { ActionIcon, Button, Modal, MultiSelect, NumberInput, Select, Stack, Switch, Textarea, TextInput } from "@mantine/core";
import { X } from "lucide-react";
import { useState, type ReactNode } from "react";

import {
  createEnvironment,
  updateEnvironment,
  type CustomGate,
  type Environment,
  type RequiredPromotionApproval,
} from "@roadbed/contracts/delivery/environments";
import { useAct } from "../../api/use-operation.ts";
import { FormFoot } from "../../ui/FormFoot.tsx";
import classes from "./environments.module.css";
import { placeOf, RuntimeFields, runtimeOf, type RuntimeText } from "./RuntimeFields.tsx";

interface Props {
  /** Absent: a new one. */
  readonly environment?: Environment;
  readonly all: readonly Environment[];
  readonly onClose: () => void;
  readonly onDone: (name: string) => void;
}

type Approval = { readonly by: RequiredPromotionApproval["by"]; readonly names: string; readonly count: number };
/** `message` is kept as it is: it is said with the file or the command line. */
type Gate = { readonly name: string; readonly how: "cel" | "http"; readonly text: string; readonly message?: string | undefined };

const BY = [
  { value: "owner", label: "Its owner" },
  { value: "on-call", label: "Who is on call" },
  { value: "team-lead", label: "The team lead" },
  { value: "platform", label: "The platform team" },
  { value: "named", label: "Named people" },
];
const BY_WHAT = [
  { value: "commit", label: "Written at once when every gate lets it through" },
  { value: "pull-request", label: "Proposed as a pull request that somebody merges" },
];
const DRIFTS = [
  { value: "tell", label: "Show it" },
  { value: "ask", label: "Ask the owner in the inbox" },
  { value: "heal", label: "Heal it at once, also what was stopped by hand" },
];
/** What can be taken away; an empty field of a form says that it is. */
const CLEARABLE = ["description", "owner", "region", "residency", "budget", "errorBudget", "evaluation"] as const;

/** What an environment is and asks for. Whatever does not fit is told by the server, field by field. */
export function EnvironmentForm({ environment, all, onClose, onDone }: Props): ReactNode {
  const isNew = environment === undefined;
  const [form, setForm] = useState(() => formOf(environment));
  const set = (patch: Partial<Form>): void => setForm((old) => ({ ...old, ...patch }));
  const create = useAct(createEnvironment, { onDone: ({ name }) => onDone(name) });
  const update = useAct(updateEnvironment, { onDone: ({ name }) => onDone(name) });
  const doing = isNew ? create : update;
  const field = (name: "title" | "description" | "owner" | "region" | "residency" | "amount" | "currency") => ({
    value: form[name],
    onChange: (event: { currentTarget: { value: string } }) => set({ [name]: event.currentTarget.value }),
  });
  return (
    <Modal opened onClose={onClose} title={isNew ? "New environment" : `Change ${environment.title}`} size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const said = saidOf(form);
          if (isNew) create.mutate({ name: form.name.trim(), ...said, ...(form.hours !== "" && { hours: Number(form.hours) }) });
          else update.mutate({ name: environment.name, ...said, clear: CLEARABLE.filter((name) => said[name] === undefined) });
        }}
      >
        <Stack gap="sm">
          {isNew && (
            <TextInput
              label="Name"
              required
              data-autofocus
              description="Lower-case letters, digits and hyphens: it stands in addresses and branches"
              value={form.name}
              onChange={(event) => set({ name: event.currentTarget.value })}
            />
          )}
          <TextInput label="Title" placeholder={isNew ? "As its name" : undefined} {...field("title")} />
          <Textarea label="What it is for" autosize minRows={2} {...field("description")} />
          <MultiSelect
            label="Releases come from"
            description="Where they have to have been healthy before. None: releases begin here"
            data={all.filter(({ name }) => name !== environment?.name).map(({ name, title }) => ({ value: name, label: title }))}
            value={[...form.upstream]}
            onChange={(upstream) => set({ upstream })}
          />
          {form.upstream.length > 0 && (
            <NumberInput
              label="Minutes for which they have to have run there"
              min={0}
              max={100_000}
              value={form.soakMinutes}
              onChange={(value) => set({ soakMinutes: value })}
            />
          )}
          <Switch
            label="Let releases come by themselves when everything holds"
            checked={form.automatic}
            onChange={(event) => set({ automatic: event.currentTarget.checked })}
          />
          <Select
            label="How a release gets into Git"
            description="Where somebody merges a pull request, that is their approval"
            data={BY_WHAT}
            value={form.by}
            allowDeselect={false}
            onChange={(value) => set({ by: value === "pull-request" ? "pull-request" : "commit" })}
          />
          <Select
            label="When what runs is not what Git says"
            data={DRIFTS}
            value={form.drift}
            allowDeselect={false}
            onChange={(value) => set({ drift: (value ?? "tell") as Environment["drift"] })}
          />
          <NumberInput
            label="Error budget that has to be left, in percent"
            description="Of every objective of whatever comes; empty: not asked for. Hotfixes and rollbacks pass"
            placeholder="Not asked for"
            min={0}
            max={100}
            value={form.leastBudget}
            onChange={(leastBudget) => set({ leastBudget })}
          />
          {form.leastBudget !== "" && (
            <Switch
              label="Take nothing that has no objective"
              checked={form.objectiveRequired}
              onChange={(event) => set({ objectiveRequired: event.currentTarget.checked })}
            />
          )}
          <RuntimeFields text={form.where} fixed={!isNew && environment.workloads > 0} onChange={(where) => set({ where })} />
          <Approvals approvals={form.approvals} onChange={(approvals) => set({ approvals })} />
          <fieldset className={classes.group}>
            <legend>What scores have to show of prompts, models and agents</legend>
            <div className={classes.two}>
              <NumberInput
                label="Least mean score"
                description="Of 1. Empty: none"
                min={0}
                max={1}
                step={0.01}
                decimalScale={3}
                value={form.least}
                onChange={(least) => set({ least })}
              />
              <NumberInput
                label="No worse than what is there by"
                description="On the same cases. Empty: not compared"
                min={0}
                max={1}
                step={0.01}
                decimalScale={3}
                value={form.worseBy}
                onChange={(worseBy) => set({ worseBy })}
              />
              <TextInput label="Set of cases" value={form.set} onChange={(event) => set({ set: event.currentTarget.value })} />
              <NumberInput
                label="Confidence"
                min={0.5}
                max={0.9999}
                step={0.01}
                decimalScale={4}
                value={form.confidence}
                onChange={(confidence) => set({ confidence })}
              />
            </div>
          </fieldset>
          <Gates gates={form.gates} onChange={(gates) => set({ gates })} />
          <div className={classes.two}>
            <TextInput label="Owner" placeholder="group:default/platform" {...field("owner")} />
            <TextInput label="Region" placeholder="eu-central-1" {...field("region")} />
            <TextInput label="Data stays in" placeholder="eu" {...field("residency")} />
            {isNew && (
              <NumberInput
                label="Ends by itself after hours"
                placeholder="Never"
                min={1}
                max={2_160}
                value={form.hours}
                onChange={(hours) => set({ hours })}
              />
            )}
            <TextInput label="Budget a month" placeholder="250.00" inputMode="decimal" {...field("amount")} />
            <TextInput label="Currency" placeholder="EUR" maxLength={3} {...field("currency")} />
            <TextInput
              label="Policies that are asked"
              description="Packs and names. Empty: all"
              placeholder="ai, supply-chain"
              value={form.policies}
              onChange={(event) => set({ policies: event.currentTarget.value })}
            />
            <Switch
              label="Keep out what costs nobody knows how much"
              disabled={form.amount.trim() === ""}
              checked={form.blockUnknown}
              onChange={(event) => set({ blockUnknown: event.currentTarget.checked })}
            />
          </div>
          <FormFoot
            act={isNew ? "Make it" : "Change it"}
            sending={doing.isPending}
            disabled={isNew && form.name.trim() === ""}
            fault={doing.error}
            onClose={onClose}
          />
        </Stack>
      </form>
    </Modal>
  );
}

function Approvals({
  approvals,
  onChange,
}: {
  readonly approvals: readonly Approval[];
  readonly onChange: (all: readonly Approval[]) => void;
}): ReactNode {
  const put = (at: number, patch: Partial<Approval>): void => onChange(approvals.map((one, n) => (n === at ? { ...one, ...patch } : one)));
  return (
    <fieldset className={classes.group}>
      <legend>Who has to say yes</legend>
      <Stack gap="xs">
        {approvals.map(({ by, names, count }, at) => (
          <div key={at} className={classes.row}>
            <Select
              label="Who"
              data={BY}
              value={by}
              allowDeselect={false}
              onChange={(value) => put(at, { by: (value ?? "owner") as Approval["by"] })}
            />
            <TextInput
              label="Names"
              placeholder="group:default/sre, user:default/ada"
              disabled={by !== "named"}
              value={names}
              onChange={(event) => put(at, { names: event.currentTarget.value })}
            />
            <NumberInput label="How many" min={1} max={10} value={count} onChange={(value) => put(at, { count: Number(value) })} />
            <Remove what="this approval" onClick={() => onChange(approvals.filter((_, n) => n !== at))} />
          </div>
        ))}
        <div>
          <Button variant="default" size="xs" onClick={() => onChange([...approvals, { by: "owner", names: "", count: 1 }])}>
            Add an approval
          </Button>
        </div>
      </Stack>
    </fieldset>
  );
}

function Gates({ gates, onChange }: { readonly gates: readonly Gate[]; readonly onChange: (all: readonly Gate[]) => void }): ReactNode {
  const put = (at: number, patch: Partial<Gate>): void => onChange(gates.map((one, n) => (n === at ? { ...one, ...patch } : one)));
  return (
    <fieldset className={classes.group}>
      <legend>Gates of its own</legend>
      <Stack gap="xs">
        {gates.map(({ name, how, text }, at) => (
          <div key={at} className={classes.row}>
            <TextInput label="Name" value={name} onChange={(event) => put(at, { name: event.currentTarget.value })} />
            <TextInput
              label={how === "cel" ? "Expression" : "Address that is asked"}
              placeholder={how === "cel" ? "promotion.hotfix || now.getHours() < 16" : "https://gates.example.org/release"}
              value={text}
              onChange={(event) => put(at, { text: event.currentTarget.value })}
            />
            <Select
              label="By"
              data={[
                { value: "cel", label: "CEL" },
                { value: "http", label: "HTTP" },
              ]}
              value={how}
              allowDeselect={false}
              onChange={(value) => put(at, { how: value === "http" ? "http" : "cel" })}
            />
            <Remove what="this gate" onClick={() => onChange(gates.filter((_, n) => n !== at))} />
          </div>
        ))}
        <div>
          <Button variant="default" size="xs" onClick={() => onChange([...gates, { name: "", how: "cel", text: "" }])}>
            Add a gate
          </Button>
        </div>
      </Stack>
    </fieldset>
  );
}

function Remove({ what, onClick }: { readonly what: string; readonly onClick: () => void }): ReactNode {
  return (
    <ActionIcon variant="subtle" color="gray" aria-label={`Remove ${what}`} onClick={onClick} mb={4}>
      <X size={16} aria-hidden />
    </ActionIcon>
  );
}

interface Form {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly owner: string;
  readonly region: string;
  readonly residency: string;
  readonly upstream: readonly string[];
  readonly automatic: boolean;
  readonly by: Environment["by"];
  readonly drift: Environment["drift"];
  readonly soakMinutes: number | string;
  readonly leastBudget: number | string;
  readonly objectiveRequired: boolean;
  readonly approvals: readonly Approval[];
  readonly gates: readonly Gate[];
  readonly least: number | string;
  readonly worseBy: number | string;
  readonly set: string;
  readonly confidence: number | string;
  readonly amount: string;
  readonly currency: string;
  readonly policies: string;
  readonly blockUnknown: boolean;
  readonly hours: number | string;
  readonly where: RuntimeText;
}

function formOf(environment: Environment | undefined): Form {
  return {
    name: environment?.name ?? "",
    title: environment?.title ?? "",
    description: environment?.description ?? "",
    owner: environment?.owner ?? "",
    region: environment?.region ?? "",
    residency: environment?.residency ?? "",
    upstream: environment?.upstream ?? [],
    automatic: environment?.automatic ?? false,
    by: environment?.by ?? "commit",
    drift: environment?.drift ?? "tell",
    soakMinutes: environment?.soakMinutes ?? 0,
    leastBudget: environment?.errorBudget?.leastPercent ?? "",
    objectiveRequired: environment?.errorBudget?.required ?? false,
    approvals: (environment?.approvals ?? []).map(({ by, names = [], count }) => ({ by, names: names.join(", "), count })),
    gates: (environment?.gates ?? []).map(({ name, cel, http, message }) => ({
      name,
      message,
      how: cel === undefined ? "http" : "cel",
      text: cel ?? http ?? "",
    })),
    least: environment?.evaluation?.least ?? "",
    worseBy: environment?.evaluation?.worseBy ?? "",
    set: environment?.evaluation?.set ?? "cases",
    confidence: environment?.evaluation?.confidence ?? 0.95,
    amount: environment?.budget?.amount ?? "",
    currency: environment?.budget?.currency ?? "EUR",
    policies: (environment?.policies ?? []).join(", "),
    blockUnknown: environment?.budget?.blockUnknown ?? false,
    hours: "",
    where: runtimeOf(environment),
  };
}

function saidOf(form: Form) {
  const text = (value: string): string | undefined => (value.trim() === "" ? undefined : value.trim());
  return {
    title: text(form.title),
    description: text(form.description),
    owner: text(form.owner),
    region: text(form.region),
    residency: text(form.residency),
    upstream: [...form.upstream],
    automatic: form.automatic,
    by: form.by,
    drift: form.drift,
    ...placeOf(form.where),
    soakMinutes: form.upstream.length === 0 ? 0 : Number(form.soakMinutes),
    errorBudget: form.leastBudget === "" ? undefined : { leastPercent: Number(form.leastBudget), required: form.objectiveRequired },
    approvals: form.approvals.map(({ by, names, count }) => ({
      by,
      count,
      ...(by === "named" && { names: names.split(/[\s,]+/).filter(Boolean) }),
    })),
    gates: form.gates.map(({ name, how, text: value, message }): CustomGate => {
      return { name: name.trim(), [how]: value.trim(), ...(message !== undefined && { message }) };
    }),
    evaluation:
      form.least === "" && form.worseBy === ""
        ? undefined
        : {
            set: form.set.trim() === "" ? "cases" : form.set.trim(),
            confidence: form.confidence === "" ? 0.95 : Number(form.confidence),
            ...(form.least !== "" && { least: Number(form.least) }),
            ...(form.worseBy !== "" && { worseBy: Number(form.worseBy) }),
          },
    policies: form.policies.split(/[\s,]+/).filter(Boolean),
    budget:
      text(form.amount) === undefined
        ? undefined
        : { amount: form.amount.trim(), currency: form.currency.trim().toUpperCase(), blockUnknown: form.blockUnknown },
  };
}
