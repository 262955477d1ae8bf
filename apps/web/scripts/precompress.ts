import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import type { Plugin } from "vite";

const COMPRESSIBLE = /\.(js|css|html|svg|json)$/;
/** Below this the headers cost more than compression saves. */
const MIN_BYTES = 512;

/** Writes `.gz` and `.br` beside every text file of the build, so that the server never compresses while somebody waits. */
export function precompress(): Plugin {
  let dist = "";
  return {
    name: "roadbed-precompress",
    apply: "build",
    configResolved({ root, build }) {
      dist = resolve(root, build.outDir);
    },
    closeBundle() {
      for (const file of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
        if (COMPRESSIBLE.test(file)) compressFile(join(dist, file));
      }
    },
  };
}

function compressFile(file: string): void {
  const bytes = readFileSync(file);
  if (bytes.length < MIN_BYTES) return;
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
  writeFileSync(
    `${file}.br`,
    brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
  );
}
