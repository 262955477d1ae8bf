import { Button } from "@mantine/core";
import { CircleX } from "lucide-react";
import type { ReactNode } from "react";

import { toWords } from "../api/errors.ts";
import { Inline } from "./Inline.tsx";
import classes from "./ui.module.css";

/** What went wrong, what mends it, and a way to try again. */
export function ErrorState({ error, retry }: { readonly error: unknown; readonly retry?: (() => void) | undefined }): ReactNode {
  const { title, mend, problems } = toWords(error);
  return (
    <div className={classes.errorState} role="alert">
      <CircleX size={18} aria-hidden className={classes.errorIcon} />
      <div>
        <strong>
          <Inline text={title} />
        </strong>
        {mend !== undefined && (
          <p className={classes.mend}>
            <Inline text={mend} />
          </p>
        )}
        {problems.length > 0 && (
          <ul className={classes.problems}>
            {problems.map((problem, index) => (
              <li key={index}>
                {problem.at !== "" && <code>{problem.at}</code>} <Inline text={problem.reason} />
                {problem.mend !== undefined && <span className="rb-dim"> {problem.mend}</span>}
              </li>
            ))}
          </ul>
        )}
        {retry !== undefined && (
          <Button mt="xs" variant="default" onClick={retry}>
            Try again
          </Button>
        )}
      </div>
    </div>
  );
}
