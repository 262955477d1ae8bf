import { Button, MultiSelect, NumberInput, SegmentedControl, Select, Textarea, TextInput } from "@mantine/core";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";

import { getCampaign, saveCampaign, type Campaign } from "@roadbed/contracts/standards/campaigns";
import { getScorecard, listScorecards } from "@roadbed/contracts/standards/scorecards";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Page } from "../../ui/Page.tsx";
import { shortRef } from "../../ui/entity-kind.ts";
import row from "../../ui/tool-row.module.css";
import { EntitySelect } from "../graph/EntitySelect.tsx";
import { OwnerSelect } from "../ownership/OwnerSelect.tsx";
import { tellDone } from "../settings/tell.ts";
import classes from "./campaigns.module.css";

const route = getRouteApi("/app/campaigns/new");
const MONTH_MS = 30 * 86_400_000;

/** Begins a campaign, or changes one that is open. */
export function CampaignFormPage(): ReactNode {
  const { change } = route.useSearch();
  const cards = useOperation(listScorecards, { limit: 100 });
  const known = useOperation(getCampaign, { name: change ?? "" }, { enabled: change !== undefined });
  const ready = cards.data !== undefined && (change === undefined || known.data !== undefined);
  const error = cards.error ?? known.error;
  return (
    <Page narrow title={change === undefined ? "New campaign" : "Change the campaign"} trail={<Link to="/campaigns">Campaigns</Link>}>
      {error !== null ? (
        <ErrorState error={error} />
      ) : !ready ? (
        <SkeletonRows rows={10} />
      ) : (
        <Form known={known.data} cards={cards.data.items.map(({ name, title }) => ({ value: name, label: title }))} />
      )}
    </Page>
  );
}

function Form({
  known,
  cards,
}: {
  readonly known: Campaign | undefined;
  readonly cards: readonly { value: string; label: string }[];
}): ReactNode {
  const navigate = useNavigate();
  const [title, setTitle] = useState(known?.title ?? "");
  const [scorecard, setScorecard] = useState(known?.scorecard ?? cards[0]?.value ?? "");
  const [by, setBy] = useState<"level" | "rules">(known !== undefined && known.rules.length > 0 ? "rules" : "level");
  const [level, setLevel] = useState<string | undefined>(known?.level);
  const [rules, setRules] = useState<string[]>([...(known?.rules ?? [])]);
  const [goal, setGoal] = useState(Math.round((known?.goal ?? 1) * 100));
  const [deadline, setDeadline] = useState(known?.deadline ?? new Date(Date.now() + 3 * MONTH_MS).toISOString().slice(0, 10));
  const [owner, setOwner] = useState<string | undefined>(known?.owner);
  const [teams, setTeams] = useState<readonly string[]>(known?.owners ?? []);
  const [systems, setSystems] = useState<readonly string[]>(known?.systems ?? []);
  const [brief, setBrief] = useState(known?.brief ?? "");
  const card = useOperation(getScorecard, { name: scorecard }, { enabled: scorecard !== "" });
  const save = useAct(saveCampaign, {
    onDone: ({ name }) => {
      tellDone("The campaign is saved.");
      void navigate({ to: "/campaigns/$name", params: { name } });
    },
  });
  const wantedLevel = level ?? card.data?.levels[0]?.name;
  const name = known?.name ?? slugOf(title);
  const isReady = name !== "" && title.trim() !== "" && deadline !== "" && (by === "level" ? wantedLevel !== undefined : rules.length > 0);
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({
          name,
          title: title.trim(),
          scorecard,
          ...(by === "level" ? { ...(wantedLevel !== undefined && { level: wantedLevel }) } : { rules }),
          goal: goal / 100,
          deadline,
          brief,
          ...(owner !== undefined && { owner }),
          owners: [...teams],
          systems: [...systems],
          ...(known !== undefined && { remindDays: [...known.remindDays] }),
        });
      }}
    >
      <TextInput
        label="Title"
        placeholder="Every service has a runbook"
        value={title}
        onChange={(event) => setTitle(event.currentTarget.value)}
        required
      />
      <Select label="Scorecard" data={cards} allowDeselect={false} value={scorecard} onChange={(next) => setScorecard(next ?? "")} />
      <SegmentedControl
        aria-label="What it is about"
        data={[
          { value: "level", label: "A level" },
          { value: "rules", label: "Some rules" },
        ]}
        value={by}
        onChange={(next) => setBy(next as typeof by)}
      />
      {by === "level" ? (
        <Select
          label="Everything is to reach"
          allowDeselect={false}
          data={(card.data?.levels ?? []).map((one) => ({ value: one.name, label: one.title }))}
          value={wantedLevel ?? null}
          onChange={(next) => setLevel(next ?? undefined)}
        />
      ) : (
        <MultiSelect
          label="These are to hold"
          data={(card.data?.ruleStates ?? []).map((one) => ({ value: one.id, label: one.title }))}
          value={rules}
          onChange={setRules}
          searchable
        />
      )}
      <div className={classes.pair}>
        <NumberInput label="Goal" suffix=" %" min={1} max={100} value={goal} onChange={(next) => setGoal(Number(next))} />
        <TextInput label="Last day" type="date" value={deadline} onChange={(event) => setDeadline(event.currentTarget.value)} required />
      </div>
      <div className={classes.pair}>
        <OwnerSelect label="Run by" visibleLabel placeholder="A team or a person" value={owner} onChange={setOwner} />
        <Several refs={teams} onChange={setTeams} none="Everybody">
          {(add) => (
            <OwnerSelect label="Only what these own" visibleLabel placeholder="Add a team or a person" value={undefined} onChange={add} />
          )}
        </Several>
      </div>
      <Several refs={systems} onChange={setSystems} none="All systems">
        {(add) => (
          <EntitySelect
            label="Only what is part of these systems"
            visibleLabel
            kind="system"
            placeholder="Add a system"
            width="100%"
            value={undefined}
            onChange={add}
          />
        )}
      </Several>
      <Textarea
        label="Brief"
        description="Why, and how to go about it, in Markdown"
        autosize
        minRows={6}
        value={brief}
        onChange={(event) => setBrief(event.currentTarget.value)}
      />
      {save.error !== null && <ErrorState error={save.error} />}
      <div>
        <Button type="submit" disabled={!isReady} loading={save.isPending}>
          {known === undefined ? "Begin" : "Save"}
        </Button>
      </div>
    </form>
  );
}

/** Several references, each of which can be taken out again. */
function Several({
  refs,
  onChange,
  none,
  children,
}: {
  readonly refs: readonly string[];
  readonly onChange: (refs: readonly string[]) => void;
  readonly none: string;
  readonly children: (add: (ref: string | undefined) => void) => ReactNode;
}): ReactNode {
  return (
    <div>
      {children((ref) => ref !== undefined && !refs.includes(ref) && onChange([...refs, ref]))}
      <div className={row.tools}>
        {refs.length === 0 && <span className="rb-dim">{none}</span>}
        {refs.map((ref) => (
          <button
            key={ref}
            type="button"
            className={row.chip}
            aria-label={`Take out ${shortRef(ref)}`}
            onClick={() => onChange(refs.filter((one) => one !== ref))}
          >
            {shortRef(ref)} ×
          </button>
        ))}
      </div>
    </div>
  );
}

/** Its name in addresses and commands, made from the title. */
function slugOf(title: string): string {
  return title
    .toLowerCase()
    .normalize("NFKD")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 60)
    .replace(/-+$/, "");
}
