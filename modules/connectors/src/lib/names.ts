/** A name that an entity may have: letters, digits and `-_.`, at most 63. What is something else becomes a dash. */
export function toEntityName(text: string): string {
  const name = text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "")
    .slice(0, 63)
    .replace(/[^A-Za-z0-9]+$/, "");
  return name === "" ? "unnamed" : name;
}

/** Tags: lower case, letters, digits, `+#:-`. What is none is left out. */
export function toTags(words: readonly string[]): string[] {
  return [
    ...new Set(
      words
        .map((word) =>
          word
            .toLowerCase()
            .replace(/[^a-z0-9+#:-]+/g, "-")
            .replace(/^-+|-+$/g, ""),
        )
        .filter((tag) => tag !== "" && tag.length <= 63),
    ),
  ];
}
