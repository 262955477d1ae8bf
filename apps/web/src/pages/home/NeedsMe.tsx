import { Link } from "@tanstack/react-router";
import { CircleCheck } from "lucide-react";
import type { ReactNode } from "react";

import { listQuestions } from "@roadbed/contracts/catalog/facts";
import { useOperation } from "../../api/use-operation.ts";
import { QuestionItem } from "../../facts/QuestionItem.tsx";
import { formatCount } from "../../format/number.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateIcon } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import classes from "./home.module.css";
import type { Estate } from "./use-estate.ts";

/** What only this person can answer, then the worst first: incidents, sick services, failed runs, sources that do not read, things without an owner. */
export function NeedsMe({ estate }: { readonly estate: Estate }): ReactNode {
  const questions = useOperation(listQuestions, { limit: 20 }, { staleTime: 60_000 });
  const asked = (questions.data?.items ?? []).map((question) => <QuestionItem key={question.id} question={question} />);
  const items = [...asked, ...itemsOf(estate)];
  return (
    <Section title="What needs attention" count={items.length > 0 ? items.length : undefined}>
      {estate.loading ? (
        <SkeletonRows rows={4} height={44} />
      ) : items.length === 0 ? (
        <EmptyState compact icon={CircleCheck} title="Nothing needs you">
          Open incidents, sick services, failed runs, sources with problems and things without an owner would stand here.
        </EmptyState>
      ) : (
        <ul className={classes.list}>{items}</ul>
      )}
    </Section>
  );
}

const SHOWN = 4;

function itemsOf({ incidents, sick, failedRuns, badSources, unowned }: Estate): readonly ReactNode[] {
  return [
    ...incidents.map(({ id, title, service, severity, openedAt }) => (
      <Item
        key={id}
        word={severity}
        title={
          <Link to="/incidents" search={{ state: "open" }}>
            {title}
          </Link>
        }
        detail={
          <>
            {severity} incident on {service}
          </>
        }
        aside={<When at={openedAt} />}
      />
    )),
    ...sick
      .slice(0, SHOWN)
      .map(({ service, health, why }) => (
        <Item
          key={service}
          word={health}
          title={<EntityLink entityRef={`component:default/${service}`} icon={false} tab="signals" />}
          detail={why}
          aside={health}
        />
      )),
    ...(sick.length > SHOWN
      ? [
          <Item
            key="more-services"
            word="degraded"
            title={<Link to="/observe">{formatCount(sick.length - SHOWN, "more service")}</Link>}
            detail="not well"
          />,
        ]
      : []),
    ...failedRuns.map(({ id, pathTitle, error, endedAt, createdAt }) => (
      <Item
        key={id}
        word="failed"
        title={
          <Link to="/runs/$id" params={{ id }}>
            {pathTitle}
          </Link>
        }
        detail={error ?? "The run failed."}
        aside={<When at={endedAt ?? createdAt} />}
      />
    )),
    ...badSources.map(({ id, name, state, problems, lastError }) => (
      <Item
        key={id}
        word={state === "failed" ? "failed" : "partial"}
        title={
          <Link to="/sources/$id" params={{ id }}>
            {name}
          </Link>
        }
        detail={
          state === "failed" ? (lastError ?? "The source could not be read.") : `${formatCount(problems, "descriptor problem")} to mend`
        }
        aside="source"
      />
    )),
    ...(unowned.length === 0
      ? []
      : [
          <Item
            key="unowned"
            word="degraded"
            title={
              unowned.length === 1 ? (
                <EntityLink entityRef={unowned[0]?.ref ?? ""} icon={false} />
              ) : (
                <Link to="/catalog" search={{ owner: ["none"] }}>
                  {formatCount(unowned.length, "thing")} without an owner
                </Link>
              )
            }
            detail={
              unowned.length === 1
                ? "has no owner"
                : unowned
                    .slice(0, 4)
                    .map(({ name }) => name)
                    .join(", ")
            }
            aside="catalogue"
          />,
        ]),
  ];
}

function Item({
  word,
  title,
  detail,
  aside,
}: {
  readonly word: string;
  readonly title: ReactNode;
  readonly detail: ReactNode;
  readonly aside?: ReactNode;
}): ReactNode {
  return (
    <li className={classes.item}>
      <StateIcon word={word} />
      <div className={classes.itemText}>
        <div className={classes.itemTitle}>{title}</div>
        <div className={classes.itemDetail}>{detail}</div>
      </div>
      <span className={classes.itemAside}>{aside}</span>
    </li>
  );
}
