/** Draws numbers from [0, 1) that are the same for the same seed, on every machine: what was drawn can be drawn again. */
export type Random = () => number;

/** Source: D. Blackman, S. Vigna, "Scrambled linear pseudorandom number generators" (2018): xoshiro128**, seeded by SplitMix32. */
export function seededRandom(seed: number): Random {
  let splitMix = seed >>> 0;
  const next = (): number => {
    splitMix = (splitMix + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(splitMix ^ (splitMix >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  let [a, b, c, d] = [next(), next(), next(), next()];
  return () => {
    const scrambled = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return scrambled / 2 ** 32;
  };
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

/** A number for a text, so that the same figure of the same thing is always drawn alike. FNV-1a. */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
