import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";

import { restartWorkload, stopWorkload, type Workload } from "@roadbed/contracts/delivery";
import { useAct } from "../../api/use-operation.ts";
import { Confirm } from "../../ui/Confirm.tsx";
import { shortRef } from "../../ui/entity-kind.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { tellDone, tellFault } from "../settings/tell.ts";

export interface Asked {
  readonly act: "start" | "restart" | "stop";
  readonly workload: Workload;
}

/** Says what an act on a workload will do before it does it; a stop asks for the name. */
export function WorkloadAct({ asked, onClose }: { readonly asked: Asked | undefined; readonly onClose: () => void }): ReactNode {
  const restart = useAct(restartWorkload, { onDone: onClose });
  const stop = useAct(stopWorkload, {
    onDone: ({ entityRef, environment }) => tellDone(`${shortRef(entityRef)} is stopped in ${environment}.`),
  });
  if (asked === undefined) return null;
  const { entityRef, environment, commit } = asked.workload;
  const name = shortRef(entityRef);
  const key = { entityRef, environment };
  if (asked.act === "stop") {
    return (
      <>
        <Confirm
          opened
          onClose={onClose}
          title={`Stop ${name} in ${environment}?`}
          what={
            <>
              Its process ends now and requests to it fail. It stays stopped, also after Roadbed itself starts again, until you start it or
              deploy a commit. Nothing is deleted: its repository, its log and its catalogue entry stay.
            </>
          }
          word={entityRef.replace(/^.*\//, "")}
          act="Stop it"
          onConfirm={() =>
            stop.mutate(key, {
              onError: tellFault(`${name} was not stopped`),
            })
          }
        />
      </>
    );
  }
  const starts = asked.act === "start";
  return (
    <Modal opened onClose={onClose} title={`${starts ? "Start" : "Restart"} ${name} in ${environment}?`}>
      <Stack gap="sm">
        <Text size="sm">
          {starts
            ? `A process is started${at(commit)}. It counts as healthy once its health check answers.`
            : `Its process is asked to end and a new one is started${at(commit)}. Requests fail for the moment in between. What it keeps in memory is lost.`}
        </Text>
        {restart.error !== null && <ErrorState error={restart.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Leave it
          </Button>
          <Button loading={restart.isPending} onClick={() => restart.mutate(key)} data-autofocus>
            {starts ? "Start it" : "Restart it"}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function at(commit: string | undefined): string {
  return commit === undefined ? "" : ` at commit ${commit.slice(0, 7)}`;
}
