/** Where a system tells of changes to one source. */
export function hookPathOf(sourceId: string): string {
  return `/hooks/sources/${sourceId}`;
}
