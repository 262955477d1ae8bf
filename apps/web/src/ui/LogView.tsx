import { Checkbox, TextInput } from "@mantine/core";
import { useEffect, useMemo, useRef, useState, type ReactNode } from "react";

import { toWords } from "../api/errors.ts";
import { formatClock } from "../format/time.ts";
import { formatNumber } from "../format/number.ts";
import classes from "./log.module.css";

export interface LogLine {
  readonly seq: number;
  readonly at: string;
  readonly message: string;
  readonly tone?: "warn" | "error" | undefined;
  /** The step or stream it came from. */
  readonly source?: string | undefined;
}

interface Props {
  readonly title: string;
  /** Changes when another log is meant. */
  readonly queryKey: readonly string[];
  /** Lines after `after`; waits a while when there are none. Throws when the server does not answer. */
  readonly read: (
    after: number,
    signal: AbortSignal,
  ) => Promise<{ readonly lines: readonly LogLine[]; readonly next: number; readonly done: boolean }>;
  readonly height?: number;
  /** Only lines of this source. */
  readonly source?: string | undefined;
}

/** The page keeps this many lines; older ones are dropped from the top, and it says so. */
const KEPT = 5_000;
const DRAWN = 1_500;
const RETRY_MS = 2_000;

/** A log that grows: follows the end until one scrolls up, and finds words. */
export function LogView({ title, queryKey, read, height = 320, source }: Props): ReactNode {
  const { lines, done, error } = useLines(queryKey.join("\n"), read);
  const [words, setWords] = useState("");
  const [follow, setFollow] = useState(true);
  const box = useRef<HTMLDivElement>(null);
  const shown = useMemo(() => {
    const wanted = words.trim().toLowerCase();
    return lines.filter(
      (line) => (source === undefined || line.source === source) && (wanted === "" || line.message.toLowerCase().includes(wanted)),
    );
  }, [lines, words, source]);
  useEffect(() => {
    if (follow && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [shown, follow]);
  return (
    <section className={classes.log} aria-label={title}>
      <div className={classes.head}>
        <h3>{title}</h3>
        <span className={classes.status} role="status">
          {error !== undefined
            ? `${error} Trying again…`
            : done
              ? `${formatNumber(lines.length)} lines, ended`
              : `${formatNumber(lines.length)} lines, live`}
        </span>
        <TextInput
          size="xs"
          type="search"
          aria-label={`Find in ${title}`}
          placeholder="Find"
          value={words}
          onChange={(event) => setWords(event.currentTarget.value)}
          w={140}
        />
        <Checkbox size="xs" label="Follow" checked={follow} onChange={(event) => setFollow(event.currentTarget.checked)} />
      </div>
      <div
        ref={box}
        className={classes.lines}
        style={{ height }}
        tabIndex={0}
        role="log"
        aria-label={`${title}, lines`}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          const atEnd = scrollHeight - scrollTop - clientHeight < 24;
          if (atEnd !== follow) setFollow(atEnd);
        }}
      >
        {shown.length > DRAWN && (
          <div className={classes.cut}>{formatNumber(shown.length - DRAWN)} earlier lines are not drawn; find words to see them.</div>
        )}
        {shown.slice(-DRAWN).map(({ seq, at, message, tone, source: from }) => (
          <div key={seq} className={classes.line} data-tone={tone}>
            <time dateTime={at}>{formatClock(new Date(at))}</time>
            {from !== undefined && source === undefined && <span className={classes.source}>{from}</span>}
            <span className={classes.message}>{message}</span>
          </div>
        ))}
        {shown.length === 0 && (
          <div className={classes.cut}>
            {words === "" ? (done ? "It printed nothing." : "Nothing printed yet.") : "No line has these words."}
          </div>
        )}
      </div>
    </section>
  );
}

interface Lines {
  readonly lines: readonly LogLine[];
  readonly done: boolean;
  readonly error: string | undefined;
}

function useLines(key: string, read: Props["read"]): Lines {
  const [state, setState] = useState<Lines>({ lines: [], done: false, error: undefined });
  const latest = useRef(read);
  latest.current = read;
  useEffect(() => {
    const stop = new AbortController();
    setState({ lines: [], done: false, error: undefined });
    void follow(
      (after, signal) => latest.current(after, signal),
      stop.signal,
      (change) => setState((old) => ({ ...old, ...change(old) })),
    );
    return () => stop.abort();
  }, [key]);
  return state;
}

async function follow(read: Props["read"], signal: AbortSignal, change: (change: (old: Lines) => Partial<Lines>) => void): Promise<void> {
  let after = 0;
  while (!signal.aborted) {
    try {
      const { lines, next, done } = await read(after, signal);
      after = next;
      change((old) => ({ error: undefined, done, ...(lines.length > 0 && { lines: [...old.lines, ...lines].slice(-KEPT) }) }));
      if (done) return;
      // An answer without lines that did not wait must not become a loop.
      await pause(lines.length > 0 ? 50 : 500, signal);
    } catch (error) {
      if (signal.aborted) return;
      change(() => ({ error: toWords(error).title }));
      await pause(RETRY_MS, signal);
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
