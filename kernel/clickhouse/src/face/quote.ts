/** A SQL literal (`'`) or identifier (`` ` ``) for any text. */
export function quote(text: string, mark: "'" | "`"): string {
  return mark + text.replaceAll("\\", "\\\\").replaceAll(mark, `\\${mark}`) + mark;
}
