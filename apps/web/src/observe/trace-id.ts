/** The trace id in what one pasted, in lower case; undefined when it is none. Takes a `traceparent` as well. */
export function traceIdIn(text: string): string | undefined {
  const [, inside] = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(text.trim().toLowerCase()) ?? [];
  const id = inside ?? text.trim().toLowerCase();
  return /^[0-9a-f]{32}$/.test(id) && !/^0+$/.test(id) ? id : undefined;
}
