/** What somebody gave as the target of an import. */
export type Target =
  | { readonly kind: "git"; readonly address: string; readonly target: string }
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
  const address = url.href;
  // The user of an SSH address is part of its name (git@...), a password never is.
  if (url.protocol !== "ssh:") url.username = "";
  url.password = "";
  return { kind: "git", address, target: url.href };
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
    .replace(/^[a-z][a-z0-9+.-]*:\/\//, "")
    .replace(/^[^@/]*@/, "")
    .replace(/^([^/:]+):(?:\d+\/)?/, "$1/")
    .replace(/\/+$/, "")
    .replace(/\.git$/, "");
}

/** The address of a file for people, where the host has a page for it. */
export function pageOfFile(target: string, branch: string | null, path: string): string {
  const base = target.replace(/\/+$/, "").replace(/\.git$/, "");
  if (!/^https?:\/\//.test(base)) return `${target}#${path}`;
  return `${base}${base.includes("gitlab") ? "/-" : ""}/blob/${branch ?? "HEAD"}/${path}`;
}

/** The path of a file in a repository, when the address is that of its page there, or as `pageOfFile` writes it. */
export function pathOfPage(target: string, address: string): string | undefined {
  if (address.startsWith(`${target}#`)) return address.slice(target.length + 1);
  const base = `${keyOfAddress(target)}/`;
  const key = address.replace(/^https?:\/\/(?:[^@/]*@)?/i, "").replace(/\.git(?=\/)/, "");
  if (!key.toLowerCase().startsWith(base)) return undefined;
  return /^(?:-\/)?(?:blob|tree|raw|src\/branch)\/[^/]+\/([^?#]+)/.exec(key.slice(base.length))?.[1];
}
