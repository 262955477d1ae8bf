import { Button, Group } from "@mantine/core";
import { lazy, Suspense, useState, type ReactNode } from "react";

import { confirmFact, type Question } from "@roadbed/contracts/catalog/facts";
import { useAct } from "../api/use-operation.ts";
import { formatPercent } from "../format/number.ts";
import { EntityLink } from "../ui/EntityLink.tsx";
import { StateIcon } from "../ui/StateBadge.tsx";
import { toWords } from "../api/errors.ts";
import classes from "./facts.module.css";
import { propertyWords, valueWords } from "./words.ts";

const HandOver = lazy(async () => ({ default: (await import("./HandOver.tsx")).HandOver }));

/** A fact that went stale asks whoever may know: one click, and with a no what it should be instead. */
export function QuestionItem({ question }: { readonly question: Question }): ReactNode {
  const { ref, title, property, value, trust } = question;
  const [denying, setDenying] = useState(false);
  const act = useAct(confirmFact);
  return (
    <li className={classes.question}>
      <StateIcon word="stale" state="warn" />
      <div className={classes.questionText}>
        Is <b>{valueWords(value)}</b> still the {propertyWords(property)} of <EntityLink entityRef={ref} title={title} icon={false} />?{" "}
        <span className="rb-dim">Trust fell to {formatPercent(trust)}.</span>
      </div>
      <Group gap={6}>
        <Button size="compact-sm" variant="light" loading={act.isPending} onClick={() => act.mutate({ ref, property, answer: "yes" })}>
          Yes, still
        </Button>
        <Button size="compact-sm" variant="default" aria-expanded={denying} onClick={() => setDenying(!denying)}>
          No
        </Button>
      </Group>
      {denying && (
        <div className={classes.choices}>
          <Suspense>
            <HandOver question={question} />
          </Suspense>
        </div>
      )}
      {act.error !== null && (
        <div className={classes.choices} role="alert">
          {toWords(act.error).title}
        </div>
      )}
    </li>
  );
}
