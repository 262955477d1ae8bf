import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";

/**
 * Keeps very many texts in little memory: a million documents stand beside the estate they become. Made to be read in the order in
 * which they were put; any other order is right, but slow.
 */
export interface TextStore {
  /** Answers where it is. */
  put(text: string): number;
  get(place: number): string;
}

/** Characters of one page: what is packed, and unpacked again, at once. */
const PAGE = 1024 * 1024;
/** Pages that stay as they are: packing is for sources that are larger. */
const PLAIN_PAGES = 24;
/** More texts than any page has. */
const SLOTS = 2 ** 21;
/** Can stand in no JSON, and in no other text that is kept here. */
const BETWEEN = "\x1e";

/** Quick rather than small, and in few pieces. */
const PACKING = { chunkSize: PAGE / 4, params: { [constants.ZSTD_c_compressionLevel]: 1 } };

export function createTextStore(): TextStore {
  const pages: (Buffer | readonly string[])[] = [];
  let open: string[] = [];
  let length = 0;
  let unpacked: { readonly page: number; readonly texts: readonly string[] } | undefined;

  return {
    put: (text) => {
      const place = pages.length * SLOTS + open.length;
      open.push(text);
      length += text.length;
      if (length >= PAGE || open.length === SLOTS) pack();
      return place;
    },
    get: (place) => {
      const page = Math.floor(place / SLOTS);
      return (page === pages.length ? open : textsOf(page))[place % SLOTS]!;
    },
  };

  function pack(): void {
    pages.push(pages.length < PLAIN_PAGES ? open : zstdCompressSync(open.join(BETWEEN), PACKING));
    open = [];
    length = 0;
  }

  function textsOf(page: number): readonly string[] {
    const kept = pages[page]!;
    if (!Buffer.isBuffer(kept)) return kept;
    if (unpacked?.page !== page) unpacked = { page, texts: zstdDecompressSync(kept, { chunkSize: PAGE }).toString().split(BETWEEN) };
    return unpacked.texts;
  }
}
