import { statfs } from "node:fs/promises";

import type { Check } from "@roadbed/http";

/** With less, writes fail at any moment: 64 MB. */
const LEAST_BYTES = 64 * 1024 * 1024;

/** `/readyz` says no while there is no room to write in `folder`: reading may still work, yet nobody should send writes here. */
export function checkDisk(folder: string, free: (folder: string) => Promise<number> = freeBytes): Check {
  return {
    name: "disk",
    check: async () => {
      const bytes = await free(folder);
      const detail = `${formatBytes(bytes)} free`;
      return bytes >= LEAST_BYTES ? { ok: true, detail } : { ok: false, detail: `${detail} where the data is kept; free some space` };
    },
  };
}

export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

function formatBytes(bytes: number): string {
  return bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GB` : `${Math.floor(bytes / 2 ** 20)} MB`;
}
