import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Keeps very many texts in little memory: a million documents stand beside the estate they become. The first stay in memory, the rest
 * goes into a file that has no name. Made to be read in the order in which they were put; any other order is right, but slow.
 */
export interface TextStore {
  /** Answers where it is. */
  put(text: string): number;
  get(place: number): string;
}

/** Characters of one page: what is written, and read again, at once. */
const PAGE = 1024 * 1024;
/** Pages that stay in memory. */
const MOST_IN_MEMORY = 24;
/** More texts than any page has. */
const SLOTS = 2 ** 21;
/** Can stand in no JSON, and in no other text that is kept here. */
const BETWEEN = "\x1e";

type Page = readonly string[] | { readonly from: number; readonly bytes: number };

export function createTextStore(): TextStore {
  const pages: Page[] = [];
  let open: string[] = [];
  let length = 0;
  let file: PageFile | undefined;
  let read: { readonly page: number; readonly texts: readonly string[] } | undefined;

  return {
    put: (text) => {
      const place = pages.length * SLOTS + open.length;
      open.push(text);
      length += text.length;
      if (length >= PAGE || open.length === SLOTS) closePage();
      return place;
    },
    get: (place) => {
      const page = Math.floor(place / SLOTS);
      return (page === pages.length ? open : textsOf(page))[place % SLOTS]!;
    },
  };

  function closePage(): void {
    pages.push(pages.length < MOST_IN_MEMORY ? open : (file ??= openPageFile()).write(open.join(BETWEEN)));
    open = [];
    length = 0;
  }

  function textsOf(page: number): readonly string[] {
    const kept = pages[page]!;
    if ("length" in kept) return kept;
    if (read?.page !== page) read = { page, texts: file!.read(kept).split(BETWEEN) };
    return read.texts;
  }
}

interface PageFile {
  write(text: string): { readonly from: number; readonly bytes: number };
  read(page: { readonly from: number; readonly bytes: number }): string;
}

/** Without a name from the first moment: nobody else finds it, and nothing is left of it, however this process ends. */
function openPageFile(): PageFile {
  const folder = mkdtempSync(join(tmpdir(), "roadbed-"));
  const fd = openSync(join(folder, "texts"), "wx+", 0o600);
  rmSync(folder, { recursive: true });
  // One for all pages: memory outside of the heap that comes and goes makes the machine look through the whole heap again and again.
  let buffer = Buffer.allocUnsafeSlow(PAGE * 4);
  let end = 0;
  const pageFile: PageFile = {
    write: (text) => {
      if (text.length * 3 > buffer.length) buffer = Buffer.allocUnsafeSlow(text.length * 3);
      const page = { from: end, bytes: buffer.write(text) };
      for (let done = 0; done < page.bytes;) done += writeSync(fd, buffer, done, page.bytes - done, end + done);
      end += page.bytes;
      return page;
    },
    read: ({ from, bytes }) => {
      if (bytes > buffer.length) buffer = Buffer.allocUnsafeSlow(bytes);
      for (let done = 0; done < bytes;) {
        const got = readSync(fd, buffer, done, bytes - done, from + done);
        if (got === 0) throw new Error("the file of texts has ended too early");
        done += got;
      }
      return buffer.toString("utf8", 0, bytes);
    },
  };
  unused.register(pageFile, fd);
  return pageFile;
}

/** Closes the file of a store that nobody has any more. */
const unused = new FinalizationRegistry<number>((fd) => closeSync(fd));
