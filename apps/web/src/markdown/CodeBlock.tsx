import { useEffect, useState, type ReactNode } from "react";

import { CopyButton } from "../ui/Copy.tsx";
import type { Line } from "./highlight.ts";
import classes from "./markdown.module.css";

interface Props {
  readonly code: string;
  readonly lang: string;
  readonly label: string;
  readonly maxHeight?: number | string;
  readonly numbers?: boolean;
}

/** Longer than this is shown plain: colours are not worth a frozen page. */
const MAX_COLOURED = 60_000;

/** Code in its colours; the colours come a moment after the text, without a jump. */
export function CodeBlock({ code, lang, label, maxHeight, numbers = false }: Props): ReactNode {
  const lines = useColours(code, lang);
  return (
    <div className={classes.code}>
      <pre tabIndex={0} aria-label={label} role="region" style={maxHeight === undefined ? undefined : { maxHeight }} data-numbers={numbers}>
        <code>{lines === undefined ? plain(code, numbers) : coloured(lines)}</code>
      </pre>
      <span className={classes.codeCopy}>
        <CopyButton text={code} what="code" />
      </span>
    </div>
  );
}

function plain(code: string, numbers: boolean): ReactNode {
  if (!numbers) return code;
  return code.split("\n").map((line, index) => (
    <span key={index} className={classes.codeLine}>
      {line}
      {"\n"}
    </span>
  ));
}

function coloured(lines: readonly Line[]): ReactNode {
  return lines.map((tokens, index) => (
    <span key={index} className={classes.codeLine}>
      {tokens.map(({ text, light, dark }, position) => (
        <span key={position} style={{ "--l": light, "--d": dark } as object}>
          {text}
        </span>
      ))}
      {index < lines.length - 1 && "\n"}
    </span>
  ));
}

function useColours(code: string, lang: string): readonly Line[] | undefined {
  const [lines, setLines] = useState<{ readonly code: string; readonly lines: readonly Line[] } | undefined>();
  useEffect(() => {
    if (lang === "" || code.length > MAX_COLOURED) return;
    let wanted = true;
    void import("./highlight.ts")
      .then(({ highlight }) => highlight(code, lang))
      .then((found) => {
        if (wanted && found !== undefined) setLines({ code, lines: found });
      });
    return () => {
      wanted = false;
    };
  }, [code, lang]);
  return lines?.code === code ? lines.lines : undefined;
}
