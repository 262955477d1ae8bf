import { Button, Group } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { clearFact, confirmFact, listFacts, unlockFact, type Fact } from "@roadbed/contracts/catalog/facts";
import { useAct, useOperation } from "../api/use-operation.ts";
import { formatPercent } from "../format/number.ts";
import { useActorName } from "../ui/Actor.tsx";
import { ErrorState } from "../ui/ErrorState.tsx";
import { Facts } from "../ui/Facts.tsx";
import { SkeletonRows } from "../ui/Loaded.tsx";
import { StateBadge } from "../ui/StateBadge.tsx";
import { When } from "../ui/When.tsx";
import classes from "./facts.module.css";
import { ProposeForm } from "./ProposeForm.tsx";
import { SetForm } from "./SetForm.tsx";
import { named, propertyWords, standingWords, trustState, valueWords } from "./words.ts";

interface Props {
  readonly entityRef: string;
  readonly property: string;
  readonly onDone: () => void;
}

type Mode = "look" | "set" | "propose";

/** Everything known of one field: source, age, rule, confidence, trust, who says otherwise, its history; and the acts on it. */
export function FactReceipt({ entityRef, property, onDone }: Props): ReactNode {
  const query = useOperation(listFacts, { ref: entityRef, property });
  const [mode, setMode] = useState<Mode>("look");
  const fact = query.data?.items[0];
  if (query.error !== null) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  if (fact === undefined) return <SkeletonRows rows={4} />;
  const back = (): void => setMode("look");
  if (mode === "set") return <SetForm entityRef={entityRef} fact={fact} onBack={back} onDone={back} />;
  if (mode === "propose") return <ProposeForm entityRef={entityRef} fact={fact} onBack={back} />;
  return (
    <div className={classes.receipt}>
      <div className={classes.head}>
        <b className={classes.value}>{valueWords(fact.value)}</b>
        <StateBadge word={fact.stale ? "stale" : "trusted"} state={trustState(fact)} label={`trust ${formatPercent(fact.trust)}`} />
      </div>
      <Believed fact={fact} />
      <Losing fact={fact} />
      <Acts entityRef={entityRef} fact={fact} go={setMode} onDone={onDone} />
      <Past fact={fact} />
    </div>
  );
}

function Believed({ fact }: { readonly fact: Fact }): ReactNode {
  const name = useActorName();
  const { winner, answer, threshold } = fact;
  if (winner === undefined) return <p className="rb-dim">Nobody who is believed says anything about the {propertyWords(fact.property)}.</p>;
  const { location, line, rule, reason, observedAt, confidence, halfLifeDays } = winner;
  return (
    <Facts
      of={[
        ["Field", <code className="rb-mono">{fact.property}</code>],
        ["Said by", standingWords(named(winner, name))],
        [
          "Where",
          location === undefined ? undefined : <span className="rb-mono">{`${location}${line === undefined ? "" : `:${line}`}`}</span>,
        ],
        ["Since", <When at={observedAt} />],
        ["Because", rule ?? reason],
        ["Confidence", `${formatPercent(confidence)}, half as much after ${Math.round(halfLifeDays)} days`],
        [
          answer?.correct === false ? "Denied" : "Confirmed",
          answer && (
            <>
              by {name(answer.actor)}, <When at={answer.at} />
            </>
          ),
        ],
        ["Asked about", threshold === undefined ? undefined : `below ${formatPercent(threshold)}`],
      ]}
    />
  );
}

/** Lists to which several systems add, and what others say instead. */
function Losing({ fact }: { readonly fact: Fact }): ReactNode {
  return (
    <>
      <Witnesses title="What each says" of={fact.parts ?? []} />
      <Witnesses title="What others say" of={fact.losing} />
    </>
  );
}

function Witnesses({ title, of }: { readonly title: string; readonly of: Fact["losing"] }): ReactNode {
  const name = useActorName();
  if (of.length === 0) return null;
  return (
    <section aria-label={title}>
      <h3 className={classes.title}>{title}</h3>
      <ul className={classes.list}>
        {of.map((witness) => (
          <li key={`${witness.standing} ${witness.source} ${witness.location ?? ""}`}>
            <span>
              <b>{valueWords(witness.value)}</b>
              {witness.agrees && <span className="rb-dim"> agrees</span>}
            </span>
            <span className="rb-dim">
              {standingWords(named(witness, name))}, <When at={witness.observedAt} />, trust {formatPercent(witness.trust)}
              {witness.refused !== undefined && `; not believed: ${witness.refused}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface ActsProps {
  readonly entityRef: string;
  readonly fact: Fact;
  readonly go: (mode: Mode) => void;
  readonly onDone: () => void;
}

function Acts({ entityRef, fact, go }: ActsProps): ReactNode {
  const target = { ref: entityRef, property: fact.property };
  const confirm = useAct(confirmFact);
  const unlock = useAct(unlockFact);
  const clear = useAct(clearFact);
  const byHand = [fact.winner, ...fact.losing].some((one) => one?.standing === "lock" || one?.standing === "person");
  const error = confirm.error ?? unlock.error ?? clear.error;
  const busy = confirm.isPending || unlock.isPending || clear.isPending;
  return (
    <>
      <Group gap={6} mt="sm">
        {fact.value !== undefined && (
          <>
            <Button size="compact-sm" variant="light" disabled={busy} onClick={() => confirm.mutate({ ...target, answer: "yes" })}>
              Still right
            </Button>
            <Button size="compact-sm" variant="default" disabled={busy} onClick={() => confirm.mutate({ ...target, answer: "no" })}>
              Not right
            </Button>
          </>
        )}
        <Button size="compact-sm" variant="default" onClick={() => go("set")}>
          Set or lock…
        </Button>
        <Button size="compact-sm" variant="default" onClick={() => go("propose")}>
          Change at the source…
        </Button>
        {fact.locked && (
          <Button size="compact-sm" variant="default" disabled={busy} onClick={() => unlock.mutate(target)}>
            Unlock
          </Button>
        )}
        {byHand && (
          <Button size="compact-sm" variant="default" disabled={busy} onClick={() => clear.mutate(target)}>
            Forget what was set
          </Button>
        )}
      </Group>
      {fact.answer?.correct === false && (
        <p className={classes.hint}>Known to be wrong until it is another value: set the right one, or change it at the source.</p>
      )}
      {error !== null && <ErrorState error={error} />}
    </>
  );
}

function Past({ fact: { history = [] } }: { readonly fact: Fact }): ReactNode {
  const name = useActorName();
  if (history.length === 0) return null;
  return (
    <section aria-label="History">
      <h3 className={classes.title}>History</h3>
      <ul className={classes.list} tabIndex={0} aria-label="Earlier values">
        {history.map(({ at, before, source, actor, reason }) => (
          <li key={at}>
            <span>
              {before === undefined ? "first said" : <>until then {valueWords(before)}</>}, <When at={at} />
            </span>
            <span className="rb-dim">
              {source}, {name(actor)}
              {reason !== undefined && `: ${reason}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
