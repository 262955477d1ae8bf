const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** A number of bytes for people: `7.3 MB`. */
export function sizeWords(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? String(value) : value.toFixed(1).replace(/\.0$/, "")} ${UNITS[unit]}`;
}

/** `100,000`. */
export function countWords(count: number): string {
  return new Intl.NumberFormat("en-GB").format(count);
}
