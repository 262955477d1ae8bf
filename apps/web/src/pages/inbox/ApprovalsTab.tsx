import { SegmentedControl } from "@mantine/core";
import { BadgeCheck } from "lucide-react";
import { useState, type ReactNode } from "react";

import { listApprovals } from "@roadbed/contracts/paths/approvals";
import { listWaivers } from "@roadbed/contracts/standards/waivers";
import { usePages } from "../../api/use-operation.ts";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Section } from "../../ui/Page.tsx";
import { PromotionsThatWait } from "../promotions/PromotionsThatWait.tsx";
import { ApprovalCard } from "../runs/Approvals.tsx";
import { LearnedRules } from "./LearnedRules.tsx";
import { WaiverList } from "../standards/WaiverList.tsx";
import classes from "./inbox.module.css";

/** Runs and waivers that wait for somebody's word: mine, or anybody's. Both are decided here. */
export function ApprovalsTab(): ReactNode {
  const [which, setWhich] = useState("mine");
  const list = usePages(listApprovals, { limit: 20, ...(which === "mine" ? { mine: true } : {}) });
  const waivers = usePages(listWaivers, which === "mine" ? { limit: 20, mine: true } : { limit: 20, state: "requested" });
  return (
    <>
      <div className={classes.tools}>
        <SegmentedControl
          size="xs"
          aria-label="Which"
          value={which}
          onChange={setWhich}
          data={[
            { value: "mine", label: "Wait for me" },
            { value: "all", label: "All" },
          ]}
        />
      </div>
      {list.error !== null ? (
        <ErrorState error={list.error} retry={list.retry} />
      ) : list.pending ? (
        <SkeletonRows rows={3} height={110} />
      ) : list.rows.length === 0 ? (
        <EmptyState icon={BadgeCheck} title={which === "mine" ? "No run waits for you" : "Nothing had to be approved"}>
          A golden path may ask for approvals: of the owner, who is on call, the lead of the team, or a group. They come here with a reason
          and an end.
        </EmptyState>
      ) : (
        list.rows.map((approval) => <ApprovalCard key={approval.id} approval={approval} named />)
      )}
      <LoadMore shown={list.rows.length} total={undefined} more={list.more} loading={list.loadingMore} />
      {waivers.error !== null && <ErrorState error={waivers.error} retry={waivers.retry} />}
      {waivers.rows.length > 0 && (
        <Section title={which === "mine" ? "Waivers that wait for you" : "Waivers that wait"} count={waivers.rows.length}>
          <WaiverList waivers={waivers.rows} />
          <LoadMore shown={waivers.rows.length} total={undefined} more={waivers.more} loading={waivers.loadingMore} />
        </Section>
      )}
      <PromotionsThatWait mine={which === "mine"} />
      <LearnedRules />
    </>
  );
}
