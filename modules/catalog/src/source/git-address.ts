/** What somebody gave as the target of an import. */
export type Target =
  | { readonly kind: "git"; readonly address: string; readonly target: string; readonly branch?: string }
  | { readonly kind: "repository"; readonly target: string }
  | { readonly kind: "folder"; readonly target: string };

/** Tells an address from a folder. `target` is what is kept and shown: never with credentials. */
export function readTarget(text: string): Target {
  const trimmed = text.trim();
  if (trimmed.startsWith("repository:")) return { kind: "repository", target: trimmed.slice("repository:".length).replace(/\.git$/, "") };
  if (/^[a-z0-9][\w.-]*@[\w.-]+:(?!\/\/)/i.test(trimmed)) return { kind: "git", address: trimmed, target: trimmed };
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(trimmed)) return { kind: "folder", target: trimmed };
  const url = URL.parse(trimmed);
  if (!url) return { kind: "git", address: trimmed, target: trimmed };
  const page = pageIn(url);
  if (page) url.href = page.target;
  const address = url.href;
  // The user of an SSH address is part of its name (git@...), a password never is.
  if (url.protocol !== "ssh:") url.username = "";
  url.password = "";
  return { kind: "git", address, target: url.href, ...(page?.branch === undefined ? {} : { branch: page.branch }) };
}

/** The address of a file's page, as hosts show it to people: then that file alone is the target, written `repository#path`. */
function pageIn(url: URL): { readonly target: string; readonly branch: string | undefined } | undefined {
  if (!/^https?:$/.test(url.protocol)) return undefined;
  const [, repository, branch, path] =
    /^(\/.+?)\/(?:-\/)?(?:blob|src\/branch|src)\/([^/]+)\/(.+\.(?:ya?ml|json))$/i.exec(url.pathname) ?? [];
  if (repository === undefined || branch === undefined || path === undefined) return undefined;
  const target = new URL(url.href);
  target.pathname = repository;
  target.search = "";
  target.hash = path;
  return { target: target.href, branch: branch === "HEAD" ? undefined : decodeURIComponent(branch) };
}

/** The branch that the address names itself. */
export function branchOf(target: Target): string | undefined {
  return target.kind === "git" ? target.branch : undefined;
}

/** A target is a repository, or one file in it: `repository#path`. */
export function splitTarget(target: string): { readonly repository: string; readonly path: string | undefined } {
  const hash = target.indexOf("#");
  if (hash < 0) return { repository: target, path: undefined };
  return { repository: target.slice(0, hash), path: decodeURIComponent(target.slice(hash + 1)) };
}

/** A short name for people: the last part of the path. */
export function nameOf(target: string): string {
  const parts = target
    .replace(/[/\\]+$/, "")
    .replace(/\.git$/, "")
    .split(/[/\\:]/);
  return (parts.at(-1) || target).slice(0, 100);
}

/** Two addresses of one repository give the same key: without scheme, user, port, case and `.git`. */
export function keyOfAddress(address: string): string {
  return address
    .trim()
    .toLowerCase()
    .replace(/#.*$/, "")
    .replace(/^[a-z][a-z0-9+.-]*:\/\//, "")
    .replace(/^[^@/]*@/, "")
    .replace(/^([^/:]+):(?:\d+\/)?/, "$1/")
    .replace(/\/+$/, "")
    .replace(/\.git$/, "");
}

/** The address of a file for people, where the host has a page for it. */
export function pageOfFile(target: string, branch: string | null, path: string): string {
  const { repository } = splitTarget(target);
  const base = repository.replace(/\/+$/, "").replace(/\.git$/, "");
  if (!/^https?:\/\//.test(base)) return `${repository}#${path}`;
  return `${base}${base.includes("gitlab") ? "/-" : ""}/blob/${branch ?? "HEAD"}/${path}`;
}

/** The path of a file in a repository, when the address is that of its page there, or as `pageOfFile` writes it. */
export function pathOfPage(target: string, address: string): string | undefined {
  const { repository } = splitTarget(target);
  if (address.startsWith(`${repository}#`)) return address.slice(repository.length + 1);
  const base = `${keyOfAddress(target)}/`;
  const key = address.replace(/^https?:\/\/(?:[^@/]*@)?/i, "").replace(/\.git(?=\/)/, "");
  if (!key.toLowerCase().startsWith(base)) return undefined;
  return /^(?:-\/)?(?:blob|tree|raw|src\/branch)\/[^/]+\/([^?#]+)/.exec(key.slice(base.length))?.[1];
}
