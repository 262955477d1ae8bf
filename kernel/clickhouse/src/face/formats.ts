/** Formats without head or tail: the engine's chunks can be sent one after the other. All others repeat their head per chunk. */
const HEADLESS = new Set([
  "JSONEachRow",
  "JSONLines",
  "NDJSON",
  "JSONStringsEachRow",
  "JSONCompactEachRow",
  "JSONCompactStringsEachRow",
  "TabSeparated",
  "TSV",
  "TabSeparatedRaw",
  "TSVRaw",
  "CSV",
  "RowBinary",
]);

export function isHeadless(format: string): boolean {
  return HEADLESS.has(format);
}

export function contentTypeOf(format: string): string {
  if (/^(?:JSON.*EachRow|JSONLines|NDJSON)/.test(format)) return "application/x-ndjson; charset=UTF-8";
  if (format.startsWith("JSON")) return "application/json; charset=UTF-8";
  if (/^(?:TabSeparated|TSV)/.test(format)) return "text/tab-separated-values; charset=UTF-8";
  if (format.startsWith("CSV")) return "text/csv; charset=UTF-8";
  return format.startsWith("Pretty") || format === "Vertical" ? "text/plain; charset=UTF-8" : "application/octet-stream";
}
