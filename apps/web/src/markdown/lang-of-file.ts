/** The language of a file, by its name. */
export function langOfFile(path: string): string {
  const name = path.replace(/^.*\//, "").toLowerCase();
  if (name === "dockerfile") return "dockerfile";
  if (path.includes(".ci/")) return "bash";
  return name.includes(".") ? name.replace(/^.*\./, "") : "";
}
