import { Button, Drawer, Group, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Rocket } from "lucide-react";
import type { ReactNode } from "react";

import { deployCommit, type Deployment } from "@roadbed/contracts/delivery";
import { useAct } from "../../api/use-operation.ts";
import { formatMs } from "../../format/number.ts";
import { CopyText } from "../../ui/Copy.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { shortRef } from "../../ui/entity-kind.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import classes from "./delivery.module.css";

/** One deployment in full, and the way back to its commit. */
export function DeploymentDetail({
  deployment,
  onClose,
}: {
  readonly deployment: Deployment | undefined;
  readonly onClose: () => void;
}): ReactNode {
  return (
    <Drawer
      opened={deployment !== undefined}
      onClose={onClose}
      position="right"
      size={460}
      title={deployment === undefined ? "" : `Deployment of ${shortRef(deployment.entityRef)}`}
    >
      {deployment !== undefined && <Story key={deployment.id} deployment={deployment} onDone={onClose} />}
    </Drawer>
  );
}

function Story({ deployment, onDone }: { readonly deployment: Deployment; readonly onDone: () => void }): ReactNode {
  const { id, entityRef, environment, repository, commit, message, author, status, error, createdAt, endedAt, pipelineRun } = deployment;
  const deploy = useAct(deployCommit, { onDone });
  return (
    <Stack gap="md">
      <Facts
        of={[
          ["State", <StateBadge key="state" word={status} />],
          ["Component", <EntityLink key="entity" entityRef={entityRef} tab="deploys" />],
          ["To", environment],
          ["Commit", <CopyText key="commit" text={commit} what="commit" />],
          ["By", author],
          ["Repository", repository],
          [
            status === "queued" ? "Waits for" : "Pipeline",
            pipelineRun === undefined ? undefined : (
              <Link key="pipeline" to="/pipelines/$id" params={{ id: pipelineRun }}>
                its pipeline
              </Link>
            ),
          ],
          ["Asked for", <When key="at" at={createdAt} />],
          ["Took", endedAt === undefined ? undefined : formatMs(Date.parse(endedAt) - Date.parse(createdAt))],
          ["Deployment", <CopyText key="id" text={id} what="deployment's id" />],
        ]}
      />
      <pre className={classes.message} tabIndex={0} aria-label="Commit message">
        {message}
      </pre>
      {error !== undefined && <Fault error={error} />}
      {deploy.error !== null && <ErrorState error={deploy.error} />}
      <div>
        <Text size="sm" c="dimmed" mb={8}>
          Deploying this commit again builds it and replaces what {shortRef(entityRef)} runs in {environment}.
        </Text>
        <Group gap="xs">
          <Button
            variant="default"
            leftSection={<Rocket size={14} aria-hidden />}
            loading={deploy.isPending}
            onClick={() => deploy.mutate({ entityRef, environment, commit })}
          >
            Deploy {commit.slice(0, 7)} again
          </Button>
        </Group>
      </div>
    </Stack>
  );
}

/** The reason in a sentence, then the end of what the process printed: its last lines say most. */
function Fault({ error }: { readonly error: string }): ReactNode {
  const [reason, ...printed] = error.split("\n");
  return (
    <div>
      <h3 className={classes.sub}>Why it failed</h3>
      <p className={classes.reason}>{reason}</p>
      {printed.length > 0 && (
        <pre className={classes.fault} tabIndex={0} aria-label="What it printed last" ref={scrollToEnd}>
          {printed.join("\n")}
        </pre>
      )}
    </div>
  );
}

function scrollToEnd(box: HTMLElement | null): void {
  if (box !== null) box.scrollTop = box.scrollHeight;
}
