/** The address of the editor of a file: what `mkdocs.yml` says, else the host's own; undefined where the source has none. */
export function editUrlOf(
  source: { readonly kind: string; readonly target: string; readonly branch: string | null },
  file: string,
  said: string | null,
): string | undefined {
  if (said !== null) return said;
  if (source.kind !== "git" || !/^https?:\/\//.test(source.target)) return undefined;
  const base = source.target.replace(/\/+$/, "").replace(/\.git$/, "");
  const host = URL.parse(base)?.hostname ?? "";
  const branch = source.branch ?? "HEAD";
  if (host.includes("gitlab")) return `${base}/-/edit/${branch}/${file}`;
  if (host.includes("bitbucket")) return `${base}/src/${branch}/${file}?mode=edit`;
  return host.includes("github") ? `${base}/edit/${branch}/${file}` : undefined;
}
