/** A narrow no-break space: thin separators that never break a line. */
const THIN = "\u202f";

/** `1234567` → `1 234 567`, at most `digits` decimals. */
export function formatNumber(value: number, digits = 0): string {
  return new Intl.NumberFormat("en-GB", { maximumFractionDigits: digits }).format(value).replaceAll(",", THIN);
}

/** A figure with the precision that says something: three significant digits, k and M above ten thousand. */
export function formatShort(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e9) return `${trim(value / 1e9)}${THIN}G`;
  if (size >= 1e6) return `${trim(value / 1e6)}${THIN}M`;
  if (size >= 1e4) return `${trim(value / 1e3)}${THIN}k`;
  if (size >= 100) return formatNumber(Math.round(value));
  return trim(value);
}

/** Requests per second: `12.3/s`; per minute or hour where they are rare. Small rates say two digits: more would be noise. */
export function formatRate(perSecond: number): string {
  if (perSecond === 0) return "0/s";
  if (perSecond >= 10) return `${formatShort(perSecond)}/s`;
  if (perSecond >= 0.1) return `${Number(perSecond.toPrecision(2))}/s`;
  if (perSecond * 60 >= 0.1) return `${Number((perSecond * 60).toPrecision(2))}/min`;
  return `${Number((perSecond * 3_600).toPrecision(2))}/h`;
}

/** A share between 0 and 1 as per cent: `0.4 %`; a tiny share is `<0.1 %`, never a false zero. */
export function formatPercent(share: number): string {
  if (share > 0 && share < 0.001) return `<0.1${THIN}%`;
  const percent = share * 100;
  return `${percent >= 10 ? Math.round(percent) : Number(percent.toFixed(1))}${THIN}%`;
}

/** Milliseconds in the unit one reads: `840 µs`, `12.4 ms`, `1.3 s`, `2 min 5 s`. */
export function formatMs(ms: number): string {
  if (ms > 0 && ms < 1) return `${formatNumber(Math.round(ms * 1_000))}${THIN}µs`;
  if (ms < 1_000) return `${trim(ms)}${THIN}ms`;
  if (ms < 60_000) return `${trim(ms / 1_000)}${THIN}s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return joinUnits(Math.floor(seconds / 60), "min", seconds % 60, "s");
  const minutes = Math.round(seconds / 60);
  return joinUnits(Math.floor(minutes / 60), "h", minutes % 60, "min");
}

/** Bytes in powers of 1000: `1.2 kB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes}${THIN}B`;
  return bytes < 1e6 ? `${trim(bytes / 1e3)}${THIN}kB` : `${trim(bytes / 1e6)}${THIN}MB`;
}

/** `1 entity`, `4 entities`. */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${formatNumber(count)}\u00a0${count === 1 ? one : many}`;
}

function trim(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function joinUnits(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big}${THIN}${bigUnit}` : `${big}${THIN}${bigUnit} ${small}${THIN}${smallUnit}`;
}
