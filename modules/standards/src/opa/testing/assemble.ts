/**
 * A compiled policy assembled by hand, byte by byte, after OPA's interface (ABI 1.3): no compiler of Rego is at hand on every machine. Its
 * entrypoints: `k8s/deny` finds the text `:latest` in the input, `k8s/allow` allows what has it not, `loop` never ends, `grow` takes memory until there
 * is none, `trap` fails.
 */
export function assemblePolicy({ ownMemory = false } = {}): Uint8Array<ArrayBuffer> {
  const texts = {
    none: "{}",
    entrypoints: '{"k8s/deny":0,"k8s/allow":1,"loop":2,"grow":3,"trap":4}',
    found: '[{"result":["the image is not pinned"]}]',
    nothing: '[{"result":[]}]',
    yes: '[{"result":true}]',
    no: '[{"result":false}]',
    wanted: ":latest",
  };
  let at = 1024;
  const place: Record<string, number> = {};
  const segments: number[][] = [];
  for (const [name, text] of Object.entries(texts)) {
    const bytes = [...new TextEncoder().encode(text), 0];
    place[name] = at;
    segments.push([0, 0x41, ...signed(at), 0x0b, ...vector(bytes)]);
    at += bytes.length;
  }
  const get = (local: number): number[] => [0x20, local];
  const set = (local: number): number[] => [0x21, local];
  const i32 = (value: number): number[] => [0x41, ...signed(value)];
  const ret = (name: string): number[] => [...i32(place[name] ?? 0), 0x0f];
  const when = (entrypoint: number, then: number[]): number[] => [...get(1), ...i32(entrypoint), 0x46, 0x04, 0x40, ...then, 0x0b];
  const LATEST = texts.wanted.length;
  // Locals: 7 is the place in the input, 8 how much of the wanted text stands there, 9 whether it was found.
  const scan = [
    [0x02, 0x40, 0x03, 0x40], // block, loop
    [...get(7), ...i32(LATEST), 0x6a, ...get(4), 0x4a, 0x0d, 1], // past the end: leave
    [...i32(0), ...set(8)],
    [0x02, 0x40, 0x03, 0x40],
    [...get(8), ...i32(LATEST), 0x46, 0x04, 0x40, ...i32(1), ...set(9), 0x0b],
    [...get(8), ...i32(LATEST), 0x46, 0x0d, 1],
    [...get(3), ...get(7), 0x6a, ...get(8), 0x6a, 0x2d, 0, 0], // a byte of the input
    [...i32(place["wanted"] ?? 0), ...get(8), 0x6a, 0x2d, 0, 0, 0x47, 0x0d, 1], // differs: leave
    [...get(8), ...i32(1), 0x6a, ...set(8), 0x0c, 0, 0x0b, 0x0b],
    [...get(7), ...i32(1), 0x6a, ...set(7), 0x0c, 0, 0x0b, 0x0b],
  ].flat();
  const evaluate = [
    ...when(2, [0x03, 0x40, 0x0c, 0, 0x0b]),
    ...when(3, [0x03, 0x40, ...i32(16), 0x40, 0, ...i32(-1), 0x47, 0x0d, 0, 0x0b, 0x00]),
    ...when(4, [0x00]),
    ...scan,
    ...when(1, [...get(9), 0x04, 0x40, ...ret("no"), 0x0b, ...ret("yes")]),
    ...get(9),
    0x04,
    0x40,
    ...ret("found"),
    0x0b,
    ...i32(place["nothing"] ?? 0),
  ];
  const functions: { readonly name: string; readonly type: number; readonly locals?: number; readonly body: number[] }[] = [
    { name: "opa_malloc", type: 0, body: [0x23, 0, 0x23, 0, ...get(0), 0x6a, 0x24, 0] },
    { name: "opa_json_parse", type: 1, body: get(0) },
    { name: "opa_json_dump", type: 0, body: get(0) },
    { name: "opa_heap_ptr_get", type: 2, body: [0x23, 0] },
    { name: "opa_heap_ptr_set", type: 3, body: [...get(0), 0x24, 0] },
    { name: "entrypoints", type: 2, body: i32(place["entrypoints"] ?? 0) },
    { name: "builtins", type: 2, body: i32(place["none"] ?? 0) },
    { name: "opa_eval", type: 4, locals: 3, body: evaluate },
  ];
  const I = 0x7f;
  const types = [
    [0x60, ...vector([I]), ...vector([I])],
    [0x60, ...vector([I, I]), ...vector([I])],
    [0x60, ...vector([]), ...vector([I])],
    [0x60, ...vector([I]), ...vector([])],
    [0x60, ...vector([I, I, I, I, I, I, I]), ...vector([I])],
  ];
  const globals = [
    [I, 1, ...i32(4096), 0x0b],
    [I, 0, ...i32(1), 0x0b],
    [I, 0, ...i32(3), 0x0b],
  ];
  const exports = [
    ...functions.map(({ name }, i) => [...named(name), 0, i]),
    [...named("opa_wasm_abi_version"), 3, 1],
    [...named("opa_wasm_abi_minor_version"), 3, 2],
  ];
  return Uint8Array.from([
    ...MAGIC,
    ...section(1, many(types)),
    ...(ownMemory ? [] : section(2, many([[...named("env"), ...named("memory"), 2, 0, 2]]))),
    ...section(3, vector(functions.map(({ type }) => type))),
    ...(ownMemory ? section(5, many([[0, 2]])) : []),
    ...section(6, many(globals)),
    ...section(7, many(exports)),
    ...section(10, many(functions.map(({ locals = 0, body }) => vector([...(locals === 0 ? [0] : [1, locals, I]), ...body, 0x0b])))),
    ...section(11, many(segments)),
  ]);
}

const MAGIC = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

function section(id: number, content: readonly number[]): number[] {
  return [id, ...vector(content)];
}

/** Items one after another, with their number before them. */
function many(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

/** Bytes, with their number before them. */
function vector(bytes: readonly number[]): number[] {
  return [...unsigned(bytes.length), ...bytes];
}

function named(text: string): number[] {
  return vector([...new TextEncoder().encode(text)]);
}

function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >> 7)];
}

function signed(value: number): number[] {
  const byte = value & 0x7f;
  const rest = value >> 7;
  return (rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0) ? [byte] : [byte | 0x80, ...signed(rest)];
}
