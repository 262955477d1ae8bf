import { ActionIcon, Tooltip } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { Check, Copy as CopyIcon } from "lucide-react";
import type { ReactNode } from "react";

import classes from "./ui.module.css";

/** A button that copies. `what` names the thing, e.g. "clone URL". */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }): ReactNode {
  const clipboard = useClipboard({ timeout: 1_500 });
  return (
    <Tooltip label={clipboard.copied ? "Copied" : `Copy ${what}`}>
      <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`Copy ${what}`} onClick={() => clipboard.copy(text)}>
        {clipboard.copied ? <Check size={14} /> : <CopyIcon size={14} />}
      </ActionIcon>
    </Tooltip>
  );
}

/** A text to be taken away: monospace, one line, with its copy button. */
export function CopyText({ text, what }: { readonly text: string; readonly what: string }): ReactNode {
  return (
    <span className={classes.copyText}>
      <code className={classes.copyCode} title={text}>
        {text}
      </code>
      <CopyButton text={text} what={what} />
    </span>
  );
}
