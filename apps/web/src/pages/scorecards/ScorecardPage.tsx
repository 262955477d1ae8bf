import { Tabs } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense, type ReactNode } from "react";

import { getScorecard } from "@roadbed/contracts/standards/scorecards";
import { useOperation } from "../../api/use-operation.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Inline } from "../../ui/Inline.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Page } from "../../ui/Page.tsx";
import { OwnerSelect } from "../ownership/OwnerSelect.tsx";
import row from "../../ui/tool-row.module.css";
import { ChangesTab } from "./ChangesTab.tsx";
import { LevelBar, LevelLegend } from "./LevelBar.tsx";
import { answerOf, computingOf } from "./levels.ts";
import { RulesTab } from "./RulesTab.tsx";
import classes from "./scorecards.module.css";
import { ThingsTab } from "./ThingsTab.tsx";

const route = getRouteApi("/app/scorecards/$name");
const EditTab = lazy(async () => ({ default: (await import("./EditTab.tsx")).EditTab }));

/** One scorecard: how far everything has come, which rules hold it back, what fails and whose it is, and how it came to be so. */
export function ScorecardPage(): ReactNode {
  const { name } = route.useParams();
  const { tab = "things", owner, system } = route.useSearch();
  const navigate = route.useNavigate();
  const narrow = { ...(owner !== undefined && { owner }), ...(system !== undefined && { system }) };
  const query = useOperation(getScorecard, { name, ...narrow }, { keep: true });
  const card = query.data;
  if (card === undefined) {
    return (
      <Page title={name} trail={<Link to="/scorecards">Scorecards</Link>}>
        {query.error === null ? <SkeletonRows rows={12} /> : <ErrorState error={query.error} retry={() => void query.refetch()} />}
      </Page>
    );
  }
  return (
    <Page title={card.title} trail={<Link to="/scorecards">Scorecards</Link>} state={`${answerOf(card)}${computingOf(card)}`}>
      {card.description !== undefined && (
        <p className={classes.description}>
          <Inline text={card.description} />
        </p>
      )}
      <div className={classes.head}>
        <LevelBar levels={card.levels} counts={card.levelCounts} labelled />
        <LevelLegend levels={card.levels} />
      </div>
      <div className={row.tools}>
        <OwnerSelect
          label="Only of this team"
          placeholder="All teams"
          width={240}
          value={owner}
          onChange={(next) => void navigate({ search: (old) => ({ ...old, owner: next }), replace: true })}
        />
        {(owner !== undefined || system !== undefined) && (
          <button
            type="button"
            className={row.chip}
            onClick={() => void navigate({ search: (old) => ({ ...old, owner: undefined, system: undefined }), replace: true })}
          >
            {system === undefined ? "All teams" : `Not only ${system.slice(system.indexOf("/") + 1)}`}
          </button>
        )}
      </div>
      <Tabs
        value={tab}
        onChange={(next) => void navigate({ search: (old) => ({ ...old, tab: next === "things" ? undefined : (next as typeof tab) }) })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="things">Things ({card.things.toLocaleString("en")})</Tabs.Tab>
          <Tabs.Tab value="rules">Rules ({card.ruleStates.length})</Tabs.Tab>
          <Tabs.Tab value="changes">History</Tabs.Tab>
          <Tabs.Tab value="edit">Edit</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="things">
          <ThingsTab card={card} />
        </Tabs.Panel>
        <Tabs.Panel value="rules">
          <RulesTab card={card} />
        </Tabs.Panel>
        <Tabs.Panel value="changes">
          <ChangesTab card={card} />
        </Tabs.Panel>
        <Tabs.Panel value="edit">
          <Suspense fallback={<SkeletonRows rows={12} />}>
            <EditTab card={card} />
          </Suspense>
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
