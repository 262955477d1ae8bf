import { Button, SegmentedControl } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { ShieldCheck } from "lucide-react";
import { useState, type ReactNode } from "react";

import { listWaivers, reportWaivers, type WaiverState } from "@roadbed/contracts/standards/waivers";
import { useOperation, usePages } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Page } from "../../ui/Page.tsx";
import { RequestWaiver } from "./RequestWaiver.tsx";
import { WaiverList } from "./WaiverList.tsx";

const route = getRouteApi("/app/standards/waivers");

/** Which deviations are asked for, which hold, and what became of the others? */
export function WaiversPage(): ReactNode {
  const { state = "requested" } = route.useSearch();
  const navigate = route.useNavigate();
  const [asking, setAsking] = useState(false);
  const list = usePages(listWaivers, { limit: 50, state });
  const report = useOperation(reportWaivers, {}, { keep: true });
  return (
    <Page
      title="Waivers"
      trail={<Link to="/standards">Policies</Link>}
      state={report.data === undefined ? "Counting…" : sentenceOf(report.data)}
      act={
        <Button size="xs" onClick={() => setAsking(true)}>
          Ask for a waiver…
        </Button>
      }
    >
      <SegmentedControl
        size="xs"
        mb="sm"
        aria-label="State"
        value={state}
        onChange={(value) => void navigate({ search: value === "requested" ? {} : { state: value as WaiverState }, replace: true })}
        data={STATES.map(({ value, label }) => ({
          value,
          label: value === "requested" && report.data?.waiting ? `${label} (${report.data.waiting})` : label,
        }))}
      />
      {list.error !== null && list.rows.length === 0 ? (
        <ErrorState error={list.error} retry={list.retry} />
      ) : list.pending ? (
        <SkeletonRows rows={4} height={96} />
      ) : list.rows.length === 0 ? (
        <EmptyState icon={ShieldCheck} title={EMPTY[state]}>
          A waiver is a declared deviation: it has a reason, somebody who answers for it, and an end. What it covers is still found, and
          shown as waived, but it stops nothing. Whoever asked never decides.
        </EmptyState>
      ) : (
        <WaiverList waivers={list.rows} />
      )}
      <LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />
      {asking && <RequestWaiver onClose={() => setAsking(false)} />}
    </Page>
  );
}

const STATES: readonly { readonly value: WaiverState; readonly label: string }[] = [
  { value: "requested", label: "To decide" },
  { value: "approved", label: "In force" },
  { value: "refused", label: "Refused" },
  { value: "revoked", label: "Revoked" },
  { value: "expired", label: "Expired" },
  { value: "ended", label: "Ended" },
];

const EMPTY: Readonly<Record<WaiverState, string>> = {
  requested: "No waiver waits for a decision",
  approved: "Nobody deviates",
  refused: "No waiver was refused",
  revoked: "No waiver was revoked",
  expired: "No waiver has expired",
  ended: "No waiver ended with its thing",
};

function sentenceOf({ inForce, waiting, expiringSoon }: { inForce: number; waiting: number; expiringSoon: number }): string {
  const parts = [`${formatCount(inForce, "waiver")} in force`, `${waiting} to decide`];
  return `${[...parts, ...(expiringSoon > 0 ? [`${expiringSoon} ${expiringSoon === 1 ? "ends" : "end"} within two weeks`] : [])].join(", ")}.`;
}
