import { accessSync, constants } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

/** OpenTofu first: whoever installed both installed it on purpose. */
const NAMES = ["tofu", "terraform"] as const;

/** The program on this machine that speaks Terraform; undefined where there is none. */
export function findTerraform(
  path: string = process.env["PATH"] ?? "",
): { readonly name: (typeof NAMES)[number]; readonly file: string } | undefined {
  for (const name of NAMES) {
    for (const folder of path.split(delimiter)) {
      if (!isAbsolute(folder)) continue;
      const file = join(folder, name);
      try {
        accessSync(file, constants.X_OK);
        return { name, file };
      } catch {
        // Not in this folder.
      }
    }
  }
  return undefined;
}

export const MISSING = {
  reason: "neither OpenTofu (tofu) nor Terraform (terraform) is on the PATH of the server's machine",
  mend: "Install one of them there, or choose a class that is made otherwise.",
} as const;
