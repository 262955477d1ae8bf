import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import type { Column } from "../../table/column.ts";
import { CopyText } from "../../ui/Copy.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { LinkButton } from "../../ui/LinkButton.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import { FittingTable } from "./FittingTable.tsx";
import type { Me } from "./ProfileTab.tsx";
import { fetchReadiness, fetchVersion, sentenceOfReadiness, type Part } from "./readiness.ts";
import { SampleData } from "./SampleData.tsx";
import classes from "./settings.module.css";

const EVERY_MS = 5_000;

/** Whether each part of Roadbed works, which version it is, and the sample estate. */
export function AboutTab({ me }: { readonly me: Me }): ReactNode {
  const ready = useQuery({
    queryKey: ["readyz"],
    queryFn: ({ signal }) => fetchReadiness(signal),
    refetchInterval: EVERY_MS,
    staleTime: 0,
  });
  const version = useQuery({
    queryKey: ["openapi.version"],
    queryFn: ({ signal }) => fetchVersion(signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <>
      <SampleData me={me} />
      <Section
        title="Health"
        act={
          ready.dataUpdatedAt > 0 && (
            <span className={classes.aged}>
              asked <When at={new Date(ready.dataUpdatedAt).toISOString()} />
            </span>
          )
        }
      >
        {ready.error !== null && ready.data === undefined ? (
          <ErrorState error={ready.error} retry={() => void ready.refetch()} />
        ) : ready.data === undefined ? (
          <SkeletonRows rows={9} height={30} />
        ) : (
          <>
            <p className={classes.healthSentence}>
              <StateBadge word={ready.data.ready ? "ok" : "failing"} label={ready.data.ready ? "ready" : "not ready"} />{" "}
              {sentenceOfReadiness(ready.data)}
            </p>
            <FittingTable
              phone={["name", "state", "detail"]}
              label="Parts"
              density="compact"
              columns={PARTS}
              rows={ready.data.parts}
              rowKey={({ name }) => name}
            />
          </>
        )}
      </Section>
      <Section title="About">
        <Facts
          of={[
            ["Version", version.data],
            ["Address", <CopyText key="origin" text={location.origin} what="address" />],
            ["Agents (MCP)", <CopyText key="mcp" text={`${location.origin}/mcp`} what="address" />],
            ["Telemetry (OTLP/HTTP)", <CopyText key="otlp" text={location.origin} what="address" />],
            ["Command line", <CopyText key="cli" text={`npx roadbed --url ${location.origin} whoami`} what="command" />],
          ]}
        />
        <div className={classes.links}>
          <LinkButton to="/api-docs" variant="default">
            API reference
          </LinkButton>
          <LinkButton to="/audit" variant="default">
            Audit log
          </LinkButton>
          <Button component="a" href="/openapi.json" variant="default">
            openapi.json
          </Button>
          <Button component="a" href="/readyz" variant="default">
            readyz
          </Button>
        </div>
      </Section>
    </>
  );
}

const PARTS: readonly Column<Part>[] = [
  { id: "name", header: "Part", width: "30%", value: ({ name }) => name, cell: ({ name }) => name[0]?.toUpperCase() + name.slice(1) },
  { id: "state", header: "State", width: "120px", value: ({ state }) => state, cell: ({ state }) => <StateBadge plain word={state} /> },
  { id: "detail", header: "Detail", cell: ({ detail }) => <span title={detail}>{detail ?? ""}</span> },
];
