import type { ReactNode } from "react";

import type { Preview } from "@roadbed/contracts/delivery/changes";
import { Facts } from "../../ui/Facts.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";

/** Where a change runs by itself, as long as it is open. */
export function PreviewOf({ preview: { state, address, commit, why, environment, expiresAt } }: { readonly preview: Preview }): ReactNode {
  return (
    <Section title="Preview">
      <Facts
        of={[
          ["State", <StateBadge key="state" word={state} {...(state === "ready" && { state: "ok" as const })} />],
          [
            "Address",
            address === undefined || state !== "ready" ? undefined : (
              <a key="address" href={address}>
                {address}
              </a>
            ),
          ],
          ["Runs", commit.slice(0, 8)],
          ["In", environment],
          ["Ends", expiresAt === undefined ? undefined : <When key="ends" at={expiresAt} />],
          ["Why", why?.split("\n")[0]],
        ]}
      />
    </Section>
  );
}
