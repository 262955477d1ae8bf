import { Button, Group } from "@mantine/core";
import type { ReactNode } from "react";

import { ErrorState } from "./ErrorState.tsx";

interface Props {
  readonly act: string;
  readonly sending: boolean;
  readonly disabled: boolean;
  /** What went wrong that no field above tells. */
  readonly fault: Error | null;
  readonly onClose: () => void;
}

/** The end of a form that can be put away: what went wrong, the act, and the way back. */
export function FormFoot({ act, sending, disabled, fault, onClose }: Props): ReactNode {
  return (
    <>
      {fault !== null && <ErrorState error={fault} />}
      <Group gap="xs">
        <Button type="submit" loading={sending} disabled={disabled}>
          {act}
        </Button>
        <Button variant="default" onClick={onClose}>
          Not now
        </Button>
      </Group>
    </>
  );
}
