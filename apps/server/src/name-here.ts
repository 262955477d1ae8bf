import { hostname } from "node:os";

/** A new token of a name ends the one before; servers that share a database must not end each other's. */
export function nameHere(name: string, dataDir: string): string {
  return `${name} (${hostname()}:${dataDir})`;
}
