import { useEffect, useId, useImperativeHandle, useRef, useState, type ReactNode, type Ref } from "react";

import classes from "./code-editor.module.css";
import type { Suggest, TextProblem } from "./editor-types.ts";

type Opened = ReturnType<(typeof import("./editor-parts.ts"))["openEditor"]>;

export interface CodeEditorHandle {
  /** Puts the cursor there. */
  show(line: number, column?: number): void;
}

interface Props {
  readonly label: string;
  readonly hideLabel?: boolean;
  readonly description?: string;
  readonly value: string;
  readonly onChange: (text: string) => void;
  readonly problems?: readonly TextProblem[];
  readonly suggest?: Suggest;
  readonly placeholder?: string;
  readonly minLines?: number;
  readonly maxLines?: number;
  /** Whether it is coloured as YAML. */
  readonly isYaml?: boolean;
  readonly ref?: Ref<CodeEditorHandle>;
}

const NOTHING: readonly TextProblem[] = [];

/** A text with its language: colours, completion by Ctrl-Space, marks where something is wrong. The editor itself comes when it is shown. */
export function CodeEditor({
  label,
  hideLabel = false,
  description,
  value,
  onChange,
  problems = NOTHING,
  suggest,
  placeholder = "",
  minLines = 8,
  maxLines = 36,
  isYaml = true,
  ref,
}: Props): ReactNode {
  const place = useRef<HTMLDivElement>(null);
  const [opened, setOpened] = useState<Opened>();
  const late = useRef({ onChange, suggest, value });
  const help = useId();

  useEffect(() => {
    late.current = { onChange, suggest, value };
  });
  useEffect(() => {
    let gone = false;
    let mine: Opened | undefined;
    void import("./editor-parts.ts").then(({ openEditor }) => {
      if (gone || place.current === null) return;
      mine = openEditor(place.current, late.current.value, {
        label,
        describedBy: help,
        suggest: () => late.current.suggest,
        onChange: (text) => late.current.onChange(text),
        minLines,
        maxLines,
        isYaml,
        placeholder,
      });
      setOpened(mine);
    });
    return () => {
      gone = true;
      mine?.close();
      setOpened(undefined);
    };
    // The editor lives as long as its place; its text and language follow below.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [label]);
  useEffect(() => opened?.write(value), [opened, value]);
  useEffect(() => opened?.colour(isYaml), [opened, isYaml]);
  useEffect(() => opened?.mark(problems), [opened, problems, value]);
  useImperativeHandle(ref, () => ({ show: (line, column = 1) => opened?.show(line, column) }), [opened]);

  return (
    <div className={classes.field}>
      {!hideLabel && <div className={classes.label}>{label}</div>}
      {description !== undefined && <div className={classes.description}>{description}</div>}
      <div className={classes.frame} ref={place} data-busy={opened === undefined} style={{ minHeight: minLines * 19 + 12 }}>
        {opened === undefined && <pre className={classes.waiting}>{value}</pre>}
      </div>
      <div id={help} className={classes.help}>
        {suggest !== undefined && (
          <>
            <kbd>Ctrl</kbd>-<kbd>Space</kbd> completes.{" "}
          </>
        )}
        <kbd>Esc</kbd> and <kbd>Tab</kbd> leave the editor.
      </div>
    </div>
  );
}
