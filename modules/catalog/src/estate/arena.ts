/**
 * Room for very many short lists of numbers: a list of its own for each would cost more than the numbers, in memory and because the
 * machine looks through the whole heap whenever much of it came. Room that was given is taken back when nothing of its block is used.
 */
export interface Arena {
  /** A copy of the first `length` numbers. */
  keep(numbers: Uint32Array, length: number): Uint32Array;
}

/** Numbers of a block. */
const BLOCK = 64 * 1024;

export function createArena(): Arena {
  let block = new Uint32Array(0);
  let used = 0;
  return {
    keep: (numbers, length) => {
      if (length > BLOCK / 8) return numbers.slice(0, length);
      if (used + length > block.length) {
        block = new Uint32Array(BLOCK);
        used = 0;
      }
      const room = block.subarray(used, used + length);
      for (let at = 0; at < length; at++) room[at] = numbers[at]!;
      used += length;
      return room;
    },
  };
}

/** A list of its own for each: what changes one by one would leave holes in blocks that others still use. */
export const SINGLY: Arena = { keep: (numbers, length) => numbers.slice(0, length) };
