import { Kbd, Modal } from "@mantine/core";
import type { ReactNode } from "react";

import { GO } from "./go.ts";
import classes from "./shell.module.css";
import { help } from "./switch.ts";

/** The list of shortcuts. */
export function Help(): ReactNode {
  return (
    <Modal opened onClose={help.close} title="Keyboard shortcuts">
      <dl className={classes.shortcuts}>
        <Line keys={["/", "Ctrl K"]} what="Search, or run a command" />
        <Line keys={["c"]} what="Create something" />
        <Line keys={["↑", "↓"]} what="Move between the rows of a table" />
        <Line keys={["?"]} what="This list" />
        {Object.entries(GO).map(([key, { label }]) => (
          <Line key={key} keys={[`g ${key}`]} what={`Go to ${label}`} />
        ))}
      </dl>
    </Modal>
  );
}

function Line({ keys, what }: { readonly keys: readonly string[]; readonly what: string }): ReactNode {
  return (
    <>
      <dt>
        {keys.map((key) => (
          <Kbd key={key} size="sm" mr={4}>
            {key}
          </Kbd>
        ))}
      </dt>
      <dd>{what}</dd>
    </>
  );
}
