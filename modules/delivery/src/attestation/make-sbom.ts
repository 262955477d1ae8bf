import { createHash } from "node:crypto";

import { readPackages, type Lockfile, type Package } from "./read-packages.ts";

export interface Described {
  readonly name: string;
  readonly commit: string;
  readonly at: Date;
  readonly files: readonly Lockfile[];
}

/** The bill of materials of a commit in CycloneDX 1.6: what its lock files name. The same commit has the same text. */
export function makeSbom({ name, commit, at, files }: Described): Record<string, unknown> {
  const { packages, unread } = readPackages(files);
  const root = `pkg:generic/${encodeURIComponent(name)}@${commit}`;
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(`${name} ${commit} ${packages.map(({ purl }) => purl).join(" ")}`)}`,
    version: 1,
    metadata: {
      timestamp: at.toISOString(),
      tools: { components: [{ type: "application", name: "roadbed" }] },
      component: { "bom-ref": root, type: "application", name, version: commit, purl: root },
      properties: [
        ...files.map(({ path }) => ({ name: "roadbed:read", value: path })),
        ...unread.map((value) => ({ name: "roadbed:unread", value })),
      ],
    },
    components: packages.map(toComponent),
    dependencies: [{ ref: root, dependsOn: packages.map(({ purl }) => purl) }],
  };
}

function toComponent({ purl, group, name, version, hash, license, development, from }: Package): Record<string, unknown> {
  return {
    "bom-ref": purl,
    type: "library",
    ...(group === undefined ? {} : { group }),
    name,
    version,
    scope: development ? "excluded" : "required",
    ...(hash === undefined ? {} : { hashes: [hash] }),
    ...(license === undefined ? {} : { licenses: [{ license: { name: license } }] }),
    purl,
    properties: [{ name: "roadbed:from", value: from }],
  };
}

/** Of content, so that it is the same each time; of version 8, which leaves its bits to whoever makes it. */
function uuidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
