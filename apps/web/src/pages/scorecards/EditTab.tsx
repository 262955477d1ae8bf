import { Button, Textarea, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";

import { deleteScorecard, saveScorecard, testScorecard } from "@roadbed/contracts/standards/scorecards";
import type { OutputOf } from "@roadbed/core";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { toYaml } from "../../format/yaml.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { Confirm } from "../../ui/Confirm.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Section } from "../../ui/Page.tsx";
import { tellDone } from "../settings/tell.ts";
import { LevelBar } from "./LevelBar.tsx";
import { sayLevels } from "./levels.ts";
import type { Card } from "./card.ts";
import classes from "./scorecards.module.css";

const WAIT_MS = 500;

/** The scorecard as text, tested on what there is while one writes; saved as its next version when one says so. */
export function EditTab({ card, document }: { readonly card?: Card; readonly document?: object }): ReactNode {
  const navigate = useNavigate();
  const [begun] = useState(() => toYaml(card?.document ?? document ?? {}));
  const [yaml, setYaml] = useState(begun);
  const [reason, setReason] = useState("");
  const [removing, setRemoving] = useState(false);
  const [asked] = useDebouncedValue(yaml, WAIT_MS);
  const test = useOperation(testScorecard, { yaml: asked }, { keep: true, enabled: asked.trim() !== "" });
  const save = useAct(saveScorecard, {
    onDone: ({ name, version, change }) => {
      tellDone(change === "unchanged" ? `${name} is as it was.` : `${name} is saved as version ${version}.`);
      void navigate({ to: "/scorecards/$name", params: { name } });
    },
  });
  const remove = useAct(deleteScorecard, {
    onDone: ({ removed }) => {
      tellDone(`${removed} is removed.`);
      void navigate({ to: "/scorecards" });
    },
  });
  const ready = test.data?.ok === true && asked === yaml && !test.isPlaceholderData && yaml !== begun;
  return (
    <>
      <Textarea
        aria-label="The scorecard as YAML"
        value={yaml}
        onChange={(event) => setYaml(event.currentTarget.value)}
        autosize
        minRows={18}
        maxRows={40}
        spellCheck={false}
        classNames={{ input: classes.yaml ?? "" }}
      />
      <Section title="What saving would give">
        {test.error !== null ? <ErrorState error={test.error} /> : <Verdict test={test.data} levels={levelsOf(test.data, card)} />}
        {save.error !== null && <ErrorState error={save.error} />}
        {remove.error !== null && <ErrorState error={remove.error} />}
        <div className={classes.acts}>
          <TextInput
            aria-label="Why"
            placeholder="Why (kept with the version)"
            w={320}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          <Button disabled={!ready} loading={save.isPending} onClick={() => save.mutate({ yaml, ...(reason.trim() !== "" && { reason }) })}>
            {card === undefined ? "Save" : `Save as version ${card.version + 1}`}
          </Button>
          {card !== undefined && (
            <Button variant="default" onClick={() => setRemoving(true)}>
              Remove
            </Button>
          )}
        </div>
      </Section>
      {card !== undefined && (
        <Confirm
          opened={removing}
          onClose={() => setRemoving(false)}
          title={`Remove ${card.title}`}
          what="Its results go; its versions and its history stay."
          word={card.name}
          act="Remove"
          onConfirm={() => remove.mutate({ name: card.name })}
        />
      )}
    </>
  );
}

type Test = OutputOf<typeof testScorecard>;

/** The levels that were tested: the text may have other ones than what is saved. */
function levelsOf(test: Test | undefined, card: Card | undefined): readonly { readonly title: string }[] {
  const count = test?.levelCounts.length ?? 0;
  if (card !== undefined && card.levels.length === count - 1) return card.levels;
  return Array.from({ length: Math.max(0, count - 1) }, (_, n) => ({ title: `level ${n + 1}` }));
}

function Verdict({ test, levels }: { readonly test: Test | undefined; readonly levels: readonly { readonly title: string }[] }): ReactNode {
  if (test === undefined) return <p className="rb-dim">It is tried on what is in the catalogue while you write.</p>;
  if (!test.ok) {
    return (
      <DataTable
        label="What is wrong"
        columns={[
          { id: "line", header: "Line", width: "60px", align: "right", cell: ({ line }) => line ?? "" },
          { id: "at", header: "Where", width: "24%", cell: ({ at }) => <code className={classes.code}>{at}</code> },
          { id: "reason", header: "What is wrong", cell: ({ reason }) => reason },
          { id: "mend", header: "What mends it", width: "34%", cell: ({ mend }) => mend ?? "" },
        ]}
        rows={test.problems}
        rowKey={({ at, reason }) => `${at} ${reason}`}
      />
    );
  }
  const unknown = test.rules.filter((rule) => rule.unknown > 0);
  return (
    <>
      <div className={classes.head}>
        <LevelBar levels={levels} counts={test.levelCounts} labelled />
        <p className="rb-dim">
          Of {formatCount(test.looked, "thing")} that were looked at: {sayLevels(levels, test.levelCounts)}.
        </p>
      </div>
      {unknown.map(({ id, title, unknown: many, note }) => (
        <p key={id}>
          {title} cannot be evaluated for {formatCount(many, "thing")}: {note}
        </p>
      ))}
    </>
  );
}
