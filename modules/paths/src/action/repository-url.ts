/** The name of the embedded host's repository that an address is in; undefined for an address elsewhere. */
export function repositoryOf(address: string, publicUrl: string): string | undefined {
  const [url, home] = [URL.parse(address), URL.parse(publicUrl)];
  if (url === null || url.host !== home?.host) return undefined;
  return /^\/git\/([^/]+?)(?:\.git)?(?:\/|$)/.exec(url.pathname)?.[1];
}
