import type { ReactNode } from "react";

import { Page } from "../../ui/Page.tsx";
import { EstateStrip } from "./EstateStrip.tsx";
import { FirstSteps } from "./FirstSteps.tsx";
import { NeedsMe } from "./NeedsMe.tsx";
import { RecentChanges } from "./RecentChanges.tsx";
import { Systems } from "./Systems.tsx";
import { TeamThings } from "./TeamThings.tsx";
import classes from "./home.module.css";
import { useEstate } from "./use-estate.ts";

/** Is everything all right? Then what needs me, how the estate moves, and what changed. */
export function HomePage(): ReactNode {
  const estate = useEstate();
  if (estate.empty) {
    return (
      <Page title="Welcome" tabTitle="Home" state="Nothing is here yet. Four ways to begin:">
        <FirstSteps />
      </Page>
    );
  }
  return (
    <Page title={estate.answer.title} tabTitle="Home" state={estate.answer.sentence}>
      <EstateStrip estate={estate} />
      <div className={classes.columns}>
        <div>
          <NeedsMe estate={estate} />
          <TeamThings />
        </div>
        <div>
          <Systems />
          <RecentChanges estate={estate} />
        </div>
      </div>
    </Page>
  );
}
