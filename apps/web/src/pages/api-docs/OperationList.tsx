import type { ReactNode } from "react";

import classes from "./api-docs.module.css";
import { anchorOf, type ApiDocument, type ApiOperation } from "@roadbed/contracts/api-document/open-api";
import { OperationItem } from "./OperationItem.tsx";

interface Props {
  readonly groups: ApiDocument["groups"];
  /** Beside each operation: how to call it. */
  readonly example?: (operation: ApiOperation) => ReactNode;
  /** The operation that the address leads to; it is open. */
  readonly linked?: string | undefined;
  /** Told which operation one opened, so that the address can say it. */
  readonly onOpen?: (anchor: string) => void;
}

/** Operations in groups; each opens to its parameters, body and answers. */
export function OperationList({ groups, example, linked, onOpen }: Props): ReactNode {
  return groups.map(({ name, description, operations }) => (
    <section key={name} className={classes.group} aria-label={name} id={name}>
      <h2>
        {name} {description !== undefined && <span className={classes.groupWhat}>{description}</span>}
      </h2>
      {operations.map((operation) => (
        <OperationItem
          key={`${operation.method} ${operation.path}`}
          operation={operation}
          example={example}
          linked={linked === anchorOf(operation)}
          onOpen={onOpen}
        />
      ))}
    </section>
  ));
}
