import { Popover, UnstyledButton } from "@mantine/core";
import { ReceiptText } from "lucide-react";
import type { ReactNode } from "react";

import { CopyButton } from "./Copy.tsx";
import { When } from "./When.tsx";
import classes from "./ui.module.css";

interface Props {
  /** The figure's name, for the button's label. */
  readonly of: string;
  readonly source: string;
  /** How the figure is defined, in a sentence. */
  readonly definition: string;
  readonly at?: string | undefined;
  /** How many rows it was made from. */
  readonly rows?: string | undefined;
  /** The query that made it. */
  readonly query?: string | undefined;
}

/** The small mark behind a derived figure: where it came from, how old it is, how it is defined. */
export function Receipt({ of, source, definition, at, rows, query }: Props): ReactNode {
  return (
    <Popover width={380} position="bottom-start" shadow="md" withArrow trapFocus returnFocus>
      <Popover.Target>
        <UnstyledButton className={classes.receipt} aria-label={`Where ${of} comes from`}>
          <ReceiptText size={13} aria-hidden />
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        <dl className={classes.facts}>
          <dt>Figure</dt>
          <dd>{of}</dd>
          <dt>Means</dt>
          <dd>{definition}</dd>
          <dt>Source</dt>
          <dd>{source}</dd>
          {at !== undefined && (
            <>
              <dt>Age</dt>
              <dd>
                <When at={at} />
              </dd>
            </>
          )}
          {rows !== undefined && (
            <>
              <dt>Made from</dt>
              <dd>{rows}</dd>
            </>
          )}
        </dl>
        {query !== undefined && (
          <div className={classes.receiptQuery}>
            <pre tabIndex={0} aria-label="The query">
              {query}
            </pre>
            <CopyButton text={query} what="query" />
          </div>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}
