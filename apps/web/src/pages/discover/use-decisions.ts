import { useState } from "react";

import { acceptProposals, refuseProposals, reopenProposals, type Proposal } from "@roadbed/contracts/catalog/proposals";
import type { OutputOf } from "@roadbed/core";
import { useAct } from "../../api/use-operation.ts";

export type Outcome = OutputOf<typeof acceptProposals>;

/** What is being decided, and what came of the last decision. `onDecided` clears the choice. */
export function useDecisions(onDecided: () => void) {
  const [accepting, setAccepting] = useState<readonly Proposal[] | undefined>();
  const [refusing, setRefusing] = useState<readonly Proposal[] | undefined>();
  const [outcome, setOutcome] = useState<Outcome | undefined>();
  const done = (): void => {
    setAccepting(undefined);
    setRefusing(undefined);
    onDecided();
  };
  const acceptance = useAct(acceptProposals, {
    onDone: (output) => {
      setOutcome(output);
      done();
    },
  });
  const refusal = useAct(refuseProposals, {
    onDone: () => {
      setOutcome(undefined);
      done();
    },
  });
  const reopening = useAct(reopenProposals, { onDone: done });
  return {
    accepting,
    refusing,
    outcome,
    error: acceptance.error ?? refusal.error ?? reopening.error,
    sending: acceptance.isPending || refusal.isPending,
    askAccept: (rows: readonly Proposal[]) => {
      const able = rows.filter(({ state, changes }) => state === "open" || (state === "accepted" && changes.length > 0));
      if (able.length > 0) setAccepting(able);
    },
    askRefuse: (rows: readonly Proposal[]) => {
      const able = rows.filter(({ state }) => state === "open");
      if (able.length > 0) setRefusing(able);
    },
    accept: (rows: readonly Proposal[], o: { readonly ownerForRest?: string; readonly along: boolean }) =>
      acceptance.mutate({ ids: rows.map(({ id }) => id), ...o }),
    refuse: (rows: readonly Proposal[], reason: string) =>
      refusal.mutate({ ids: rows.map(({ id }) => id), ...(reason.trim() !== "" && { reason: reason.trim() }) }),
    reopen: (rows: readonly Proposal[]) => reopening.mutate({ ids: rows.map(({ id }) => id) }),
    close: () => {
      setAccepting(undefined);
      setRefusing(undefined);
      acceptance.reset();
      refusal.reset();
    },
    forget: () => {
      setOutcome(undefined);
      acceptance.reset();
      refusal.reset();
      reopening.reset();
    },
  };
}
