interface Record {
  readonly at: string;
  readonly service: string;
  readonly spanId?: string | undefined;
  readonly body: string;
}

/**
 * Gives each log record a key that stays with it while newer ones come in above. Records have no id: those that are
 * the same in everything are told apart by counting from the oldest.
 */
export function keyRows<R extends Record>(rows: readonly R[]): readonly { readonly key: string; readonly row: R }[] {
  const seen = new Map<string, number>();
  return rows
    .toReversed()
    .map((row) => {
      const name = [row.at, row.service, row.spanId ?? "", row.body].join("\n");
      const count = seen.get(name) ?? 0;
      seen.set(name, count + 1);
      return { key: `${name}\n${count}`, row };
    })
    .toReversed();
}

/** How loud a severity is shown. */
export function toneOf(severity: string): "fail" | "warn" | "quiet" | "plain" {
  const word = severity.toLowerCase();
  if (word.startsWith("err") || word.startsWith("fatal")) return "fail";
  if (word.startsWith("warn")) return "warn";
  return word.startsWith("debug") || word.startsWith("trace") ? "quiet" : "plain";
}
