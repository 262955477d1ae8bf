/** Cuts a text to at most `length` characters, between words where it can. Throws `RangeError` for a length below 1. */
export function shorten(text: string, length: number): string;
