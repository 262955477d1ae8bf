const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `just now`, `5 min ago`, `3 h ago`, `2 days ago`, then the date. The future reads `in 3 h`. */
export function formatRelative(at: Date, now: Date): string {
  const ago = now.getTime() - at.getTime();
  const size = Math.abs(ago);
  if (size < 10_000) return "just now";
  if (size > 30 * DAY) return formatDay(at, now);
  const words =
    size < MINUTE
      ? `${Math.round(size / 1_000)}\u202fs`
      : size < HOUR
        ? `${Math.round(size / MINUTE)}\u202fmin`
        : size < DAY
          ? `${Math.round(size / HOUR)}\u202fh`
          : dayWords(size);
  return ago >= 0 ? `${words} ago` : `in ${words}`;
}

/** The exact moment in the reader's zone: `Tue 4 Mar 2025, 14:03:22 CET`. */
export function formatExact(at: Date): string {
  return new Intl.DateTimeFormat("en-GB", {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
  }).format(at);
}

/** The clock of a log line: `14:03:22.481`. */
export function formatClock(at: Date): string {
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

/** A tick on a time axis: the clock within a day, the date beyond. */
export function formatTick(at: Date, spanMs: number): string {
  if (spanMs <= 2 * DAY) return `${pad(at.getHours())}:${pad(at.getMinutes())}`;
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" }).format(at);
}

/** `hh:mm` on the same day, else with the date. */
export function formatMoment(at: Date): string {
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }).format(at);
}

/** What an input of type `datetime-local` takes: `2025-03-04T14:03`, on the reader's own clock. */
export function toLocalInput(at: Date): string {
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}T${pad(at.getHours())}:${pad(at.getMinutes())}`;
}

function formatDay(at: Date, now: Date): string {
  const sameYear = at.getFullYear() === now.getFullYear();
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", ...(!sameYear && { year: "numeric" }) }).format(at);
}

function dayWords(size: number): string {
  const days = Math.round(size / DAY);
  return days === 1 ? "1\u00a0day" : `${days}\u00a0days`;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
