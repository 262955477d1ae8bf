import { InvalidError } from "@roadbed/core";
import { gunzipSync } from "node:zlib";

/** A policy as `opa build -t wasm` leaves it: the module, and the data that lay beside it. */
export interface Bundle {
  readonly wasm: Uint8Array;
  readonly data: Readonly<Record<string, unknown>>;
}

const MOST_BYTES = 64 * 1024 * 1024;

/** Reads a bundle (`bundle.tar.gz`) or a module alone (`policy.wasm`). Throws `InvalidError` for what is neither. */
export function readBundle(bytes: Uint8Array): Bundle {
  if (isModule(bytes)) return checked({ wasm: bytes, data: {} });
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) throw refuse("is neither a module (policy.wasm) nor a bundle (bundle.tar.gz)");
  const files = untar(gunzip(bytes));
  const wasm = files.get("policy.wasm");
  if (wasm === undefined || !isModule(wasm)) throw refuse("holds no policy.wasm; it was not built for WebAssembly");
  const data = files.get("data.json");
  return checked({ wasm, data: data === undefined ? {} : parseData(data) });
}

function isModule(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d;
}

/** It must speak the interface, and take its memory from us: what brings its own could take as much as it likes. */
function checked(bundle: Bundle): Bundle {
  const module = compile(bundle.wasm);
  const imports = WebAssembly.Module.imports(module);
  const exports = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
  const missing = NEEDED.filter((name) => !exports.has(name));
  if (missing.length > 0) throw refuse(`is no policy of the Open Policy Agent: it has no ${missing.join(", ")}`);
  if (!imports.some(({ module: from, name, kind }) => from === "env" && name === "memory" && kind === "memory")) {
    throw refuse("brings a memory of its own");
  }
  const foreign = imports.find(({ module: from }) => from !== "env");
  if (foreign) throw refuse(`asks for ${foreign.module}.${foreign.name}, which policies are not given`);
  return bundle;
}

const NEEDED = [
  "opa_eval",
  "opa_malloc",
  "opa_json_parse",
  "opa_json_dump",
  "opa_heap_ptr_get",
  "opa_heap_ptr_set",
  "entrypoints",
  "builtins",
];

function compile(wasm: Uint8Array): WebAssembly.Module {
  try {
    return new WebAssembly.Module(Uint8Array.from(wasm));
  } catch (error) {
    throw refuse(`is no WebAssembly: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function gunzip(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: MOST_BYTES });
  } catch {
    throw refuse(`cannot be unpacked, or is larger than ${MOST_BYTES >> 20} MB`);
  }
}

/** The files of a tar archive, by their names without what leads to them from the root. */
function untar(bytes: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0;) {
    const size = Number.parseInt(textAt(bytes, at + 124, 12).trim() || "0", 8);
    if (!Number.isSafeInteger(size) || size < 0) throw refuse("is no tar archive");
    const name = textAt(bytes, at, 100).replace(/^\.?\/+/, "");
    files.set(name, bytes.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

function textAt(bytes: Uint8Array, start: number, length: number): string {
  const part = bytes.subarray(start, start + length);
  const end = part.indexOf(0);
  return new TextDecoder().decode(end < 0 ? part : part.subarray(0, end));
}

function parseData(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const data: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof data === "object" && data !== null && !Array.isArray(data)) return data as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw refuse("has a data.json that is no object");
}

function refuse(what: string): InvalidError {
  return new InvalidError(`The compiled policy ${what}.`, { mend: "Build it with: opa build -t wasm -e PACKAGE/RULE policy.rego" });
}
