import { ExternalLink } from "lucide-react";
import type { ReactNode } from "react";

import type { Run } from "@roadbed/contracts/paths";
import { CopyText } from "../../ui/Copy.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { partsOf } from "../../ui/entity-kind.ts";
import { LinkButton } from "../../ui/LinkButton.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { Panel } from "../../ui/Page.tsx";

/** What it made, each with the way to it. */
export function Outcome({ run: { outputs, links, status } }: { readonly run: Run }): ReactNode {
  const { entityRef, cloneUrl, serviceUrl, ...rest } = outputs;
  if (Object.keys(outputs).length + links.length === 0) return null;
  const named: readonly unknown[] = [entityRef, cloneUrl, serviceUrl];
  const further = links.filter(({ url, entityRef: ref }) => !named.includes(url ?? ref));
  return (
    <Panel>
      <Facts
        of={[
          ["Component", typeof entityRef === "string" ? <EntityLink key="entity" entityRef={entityRef} /> : undefined],
          ["Runs at", typeof serviceUrl === "string" ? <Outside key="url" url={serviceUrl} title={serviceUrl} /> : undefined],
          [
            "Clone",
            typeof cloneUrl === "string" ? <CopyText key="clone" text={`git clone ${cloneUrl}`} what="clone command" /> : undefined,
          ],
          ...further.map(
            ({ title, url, entityRef: ref }) =>
              [
                title,
                ref !== undefined ? (
                  <EntityLink key={title} entityRef={ref} />
                ) : url !== undefined ? (
                  <Outside key={title} url={url} title={url} />
                ) : undefined,
              ] as const,
          ),
          ...Object.entries(rest)
            .filter(([, value]) => typeof value === "string" || typeof value === "number")
            .map(([key, value]) => [key, String(value)] as const),
        ]}
      />
      {status === "succeeded" && typeof entityRef === "string" && (
        <LinkButton to="/entities/$kind/$namespace/$name" params={{ ...partsOf(entityRef) }} mt="sm">
          Open its page
        </LinkButton>
      )}
    </Panel>
  );
}

function Outside({ url, title }: { readonly url: string; readonly title: string }): ReactNode {
  if (!/^https?:/.test(url)) return <>{title}</>;
  return (
    <a href={url} target="_blank" rel="noreferrer">
      {title} <ExternalLink size={12} aria-hidden />
    </a>
  );
}
