import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { listLedger } from "@roadbed/contracts/paths/ledger";
import { useOperation } from "../../api/use-operation.ts";
import { Facts } from "../../ui/Facts.tsx";
import { Section } from "../../ui/Page.tsx";
import { LedgerBadge, versionWords } from "./words.tsx";

/** On an entity's page: which path made it, and how it stands to it. Nothing where no path did. */
export function LedgerSection({ entityRef }: { readonly entityRef: string }): ReactNode {
  const { data } = useOperation(listLedger, { entityRef, limit: 5 });
  return data?.items.map((entry) => (
    <Section key={entry.id} title="Golden path">
      <Facts
        of={[
          ["Path", entry.pathTitle],
          ["Version", versionWords(entry)],
          [
            "State",
            <Link key="state" to="/ledger/$id" params={{ id: entry.id }}>
              <LedgerBadge plain entry={entry} />
            </Link>,
          ],
        ]}
      />
    </Section>
  ));
}
