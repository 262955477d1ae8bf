/** A package that something is made of, by its package URL. */
export interface Package {
  readonly purl: string;
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  /** Of its archive, hexadecimal. */
  readonly hash?: { readonly alg: "SHA-256" | "SHA-512" | "SHA-1" | "SHA-384"; readonly content: string };
  readonly license?: string;
  readonly development: boolean;
  readonly from: string;
}

export interface Lockfile {
  readonly path: string;
  readonly text: string;
}

/** Files that say exactly what is installed, wherever they lie. Those of installed packages are none of its own. */
export function isLockfile(path: string): boolean {
  return (
    !/(^|\/)(node_modules|vendor|testdata|\.venv)\//.test(path) &&
    /(^|\/)(package-lock\.json|requirements\.txt|go\.mod|go\.sum)$/.test(path)
  );
}

/** What all of them name, once each, by package URL. What cannot be read is told and names nothing. */
export function readPackages(files: readonly Lockfile[]): { readonly packages: readonly Package[]; readonly unread: readonly string[] } {
  const found = new Map<string, Package>();
  const unread: string[] = [];
  const summed = new Set(files.filter(({ path }) => path.endsWith("go.sum")).map(({ path }) => path.replace(/go\.sum$/, "")));
  for (const file of files) {
    const name = file.path.split("/").at(-1)!;
    try {
      const read = { "package-lock.json": readNpm, "requirements.txt": readPip, "go.mod": readGoMod, "go.sum": readGoSum }[name];
      // What go.mod names is in go.sum, and more.
      if (name === "go.mod" && summed.has(file.path.replace(/go\.mod$/, ""))) continue;
      for (const one of read?.(file) ?? []) {
        const known = found.get(one.purl);
        if (known === undefined || (known.development && !one.development)) found.set(one.purl, one);
      }
    } catch (error) {
      unread.push(`${file.path}: ${(error as Error).message}`);
    }
  }
  return { packages: [...found.values()].sort((a, b) => (a.purl < b.purl ? -1 : 1)), unread };
}

interface NpmEntry {
  readonly name?: string;
  readonly version?: string;
  readonly integrity?: string;
  readonly license?: unknown;
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, NpmEntry>>;
}

function* readNpm({ path, text }: Lockfile): Generator<Package> {
  const { packages, dependencies } = JSON.parse(text) as { packages?: Record<string, NpmEntry>; dependencies?: Record<string, NpmEntry> };
  if (packages === undefined) return yield* readNpm1(path, dependencies ?? {});
  for (const [place, entry] of Object.entries(packages)) {
    const at = place.lastIndexOf("node_modules/");
    // The root and the workspaces are what it is, not what it is made of.
    if (at < 0 || entry.link === true || entry.version === undefined) continue;
    yield npmPackage(path, entry.name ?? place.slice(at + "node_modules/".length), entry);
  }
}

/** The form of npm 6: nested. */
function* readNpm1(path: string, dependencies: Readonly<Record<string, NpmEntry>>): Generator<Package> {
  for (const [name, entry] of Object.entries(dependencies)) {
    if (entry.version !== undefined) yield npmPackage(path, name, entry);
    yield* readNpm1(path, entry.dependencies ?? {});
  }
}

function npmPackage(from: string, full: string, { version = "", integrity, license, dev }: NpmEntry): Package {
  const [, group, name = full] = /^(@[^/]+)\/(.+)$/.exec(full) ?? [];
  const hash = integrity === undefined ? undefined : hashOf(integrity.split(/\s+/)[0]!);
  return {
    purl: `pkg:npm/${group === undefined ? "" : `${encodeURIComponent(group)}/`}${encodeURIComponent(name)}@${encodeURIComponent(version)}`,
    ...(group === undefined ? {} : { group }),
    name,
    version,
    ...(hash === undefined ? {} : { hash }),
    ...(typeof license === "string" ? { license } : {}),
    development: dev === true,
    from,
  };
}

function hashOf(integrity: string): Package["hash"] {
  const [, alg, base64] = /^(sha1|sha256|sha384|sha512)-([A-Za-z0-9+/=]+)$/.exec(integrity) ?? [];
  const names = { sha1: "SHA-1", sha256: "SHA-256", sha384: "SHA-384", sha512: "SHA-512" } as const;
  if (alg === undefined || base64 === undefined) return undefined;
  return { alg: names[alg as keyof typeof names], content: Buffer.from(base64, "base64").toString("hex") };
}

/** Only what is pinned has a version: the rest is whatever is newest on the day. */
function* readPip({ path, text }: Lockfile): Generator<Package> {
  for (const line of text.replaceAll(/\\\r?\n/g, " ").split(/\r?\n/)) {
    const [, name, version] = /^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*===?\s*([A-Za-z0-9][A-Za-z0-9.!+_-]*)/.exec(line) ?? [];
    if (name === undefined || version === undefined) continue;
    const [, content] = /--hash=sha256:([0-9a-f]{64})/.exec(line) ?? [];
    const normal = name.toLowerCase().replaceAll(/[-_.]+/g, "-");
    yield {
      purl: `pkg:pypi/${normal}@${encodeURIComponent(version)}`,
      name: normal,
      version,
      ...(content === undefined ? {} : { hash: { alg: "SHA-256", content } }),
      development: false,
      from: path,
    };
  }
}

function* readGoMod({ path, text }: Lockfile): Generator<Package> {
  const block = [...text.matchAll(/^require\s*\(([^)]*)\)/gm)].flatMap(([, inside = ""]) => inside.split("\n"));
  const single = [...text.matchAll(/^require\s+([^\s(].*)$/gm)].map(([, line = ""]) => line);
  for (const line of [...block, ...single]) {
    const [, name, version] = /^\s*([^\s/][^\s]*)\s+(v[^\s]+)/.exec(line) ?? [];
    if (name !== undefined && version !== undefined) yield goPackage(path, name, version);
  }
}

function* readGoSum({ path, text }: Lockfile): Generator<Package> {
  for (const line of text.split(/\r?\n/)) {
    const [name, version] = line.trim().split(/\s+/);
    // Lines with /go.mod were only looked at to choose versions.
    if (name && version?.startsWith("v") && !version.endsWith("/go.mod")) yield goPackage(path, name, version);
  }
}

function goPackage(from: string, full: string, version: string): Package {
  const parts = full.split("/");
  return {
    purl: `pkg:golang/${parts.map(encodeURIComponent).join("/")}@${encodeURIComponent(version)}`,
    name: full,
    version,
    development: false,
    from,
  };
}
