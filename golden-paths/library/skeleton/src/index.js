/**
 * Cuts a text to at most `length` characters, between words where it can, and says with an ellipsis that something is missing.
 * Replace it by what this library is for.
 */
export function shorten(text, length) {
  if (!Number.isInteger(length) || length < 1) throw new RangeError("length must be a whole number above 0");
  const characters = [...text];
  if (characters.length <= length) return text;
  const cut = characters.slice(0, length - 1).join("");
  const space = cut.lastIndexOf(" ");
  return `${space > length / 2 ? cut.slice(0, space) : cut}…`;
}
