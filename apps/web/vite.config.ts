import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

import { precompress } from "./scripts/precompress.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const api = process.env["ROADBED_URL"] ?? "http://localhost:4400";

/** How many entries must share a module; measured: fewer puts what few pages need on the home page, more makes many small files. */
const SHARED_BY = 20;

/** Our own modules and what the frame stands on; the parts of mermaid share much among themselves, which is not for every page. */
const OURS =
  /\/(apps\/web\/src|contracts\/src|kernel\/core\/src|faces\/client\/src|@mantine|@tanstack|@floating-ui|lucide-react|react|react-dom|scheduler|zod|use-sync-external-store)\//;

/** The web app is static files: the server sends `dist` and nothing is rendered there. */
export default defineConfig({
  root: here("."),
  plugins: [react(), precompress()],
  resolve: {
    dedupe: ["react", "react-dom", "zod"],
  },
  build: {
    outDir: here("dist"),
    emptyOutDir: true,
    target: "es2023",
    manifest: true,
    sourcemap: false,
    reportCompressedSize: false,
    // The large ones are parts of mermaid that a page fetches only for that sort of diagram.
    chunkSizeWarningLimit: 2_000,
    // What most pages share is one file, not forty: each file costs a request and its headers.
    rolldownOptions: {
      output: {
        codeSplitting: { groups: [{ name: "common", test: OURS, minShareCount: SHARED_BY }] },
      },
    },
    assetsInlineLimit: 2_048,
  },
  worker: { format: "es" },
  server: {
    port: 5173,
    proxy: Object.fromEntries(["^/api/", "^/auth/", "^/openapi.json", "^/readyz", "^/healthz"].map((path) => [path, { target: api }])),
  },
});
