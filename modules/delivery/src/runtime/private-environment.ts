import { delimiter, join } from "node:path";

import { VENV } from "./toolchain.ts";

/** What every program of ours is given, and nothing of the server's own: a home and a temporary folder for it alone. `path`: of the toolchain. */
export function privateEnvironment({
  tree,
  home,
  path,
}: {
  readonly tree: string;
  readonly home: string;
  readonly path: string;
}): Record<string, string> {
  return {
    PATH: `${join(tree, VENV, "bin")}${delimiter}${path}`,
    HOME: home,
    TMPDIR: join(home, "tmp"),
    LANG: "C.UTF-8",
    TZ: "UTC",
  };
}
