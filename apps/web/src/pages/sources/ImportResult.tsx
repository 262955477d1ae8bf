import { Button, Group } from "@mantine/core";
import type { ReactNode } from "react";

import type { importSource } from "@roadbed/contracts/catalog";
import type { OutputOf } from "@roadbed/core";
import { formatCount } from "../../format/number.ts";
import { LinkButton } from "../../ui/LinkButton.tsx";
import { Panel } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { ProblemTable } from "./ProblemTable.tsx";
import classes from "./sources.module.css";
import { sentenceOfCounts, wordOfState } from "./words.ts";

interface Props {
  readonly result: OutputOf<typeof importSource>;
  readonly onAgain: () => void;
  readonly onClose: (() => void) | undefined;
}

/** What a reading brought, and everything that did not fit. */
export function ImportResult({ result: { source, counts, problems, durationMs }, onAgain, onClose }: Props): ReactNode {
  const nothing = counts.read === 0 && problems.length === 0;
  return (
    <div className={classes.bring}>
      <Panel>
        <div role="status">
          <div className={classes.resultHead}>
            <h2>{source.name}</h2>
            <StateBadge word={nothing ? "warn" : source.state} label={nothing ? "nothing found" : wordOfState(source.state)} />
          </div>
          <p className={classes.resultSentence}>
            {nothing
              ? "It was read, but holds no catalog-info.yaml. Put one in, and it is read by itself if the source is followed."
              : sentenceOfCounts(counts, durationMs)}
          </p>
          {source.lastError !== undefined && <p data-state="fail">{source.lastError}</p>}
        </div>
        {problems.length > 0 && (
          <>
            <h3 className={classes.sub}>{formatCount(problems.length, "problem")}. Everything else was taken.</h3>
            <ProblemTable problems={problems} />
          </>
        )}
        <Group gap="xs" mt="md">
          <LinkButton to="/catalog">See the catalogue</LinkButton>
          <LinkButton to="/sources/$id" params={{ id: source.id }} variant="default">
            Open the source
          </LinkButton>
          <Button variant="default" onClick={onAgain}>
            Bring another
          </Button>
          {onClose !== undefined && (
            <Button variant="subtle" onClick={onClose}>
              Close
            </Button>
          )}
        </Group>
      </Panel>
    </div>
  );
}
