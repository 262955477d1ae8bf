/** The texts of a path that is being written, by their path. */
export type Files = Readonly<Record<string, string>>;
export const TEMPLATE = "template.yaml";

export function toBase64(text: string): string {
  const bytes = new TextEncoder().encode(text);
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8_192) binary += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return btoa(binary);
}
