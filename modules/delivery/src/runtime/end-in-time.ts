import type { Exit, RunningProcess } from "./run-process.ts";

/** Waits for a process to end; when its time is over or it is broken off, it is asked to end, and after `graceMs` made to. */
export async function endInTime(
  process: RunningProcess,
  { ms, graceMs, signal }: { readonly ms: number; readonly graceMs: number; readonly signal: AbortSignal },
): Promise<{ readonly exit: Exit; readonly late: boolean }> {
  let late = false;
  const stop = (): void => void process.stop(graceMs);
  const timer = setTimeout(
    () => {
      late = true;
      stop();
    },
    Math.max(0, ms),
  ).unref();
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  const exit = await process.exited;
  clearTimeout(timer);
  signal.removeEventListener("abort", stop);
  return { exit, late };
}
