import { InvalidError } from "@roadbed/core";

const REPOSITORY = /^[a-z0-9][a-z0-9._-]{0,99}$/;
const REF = /^[A-Za-z0-9][A-Za-z0-9._/+-]{0,199}$/;
const MAX_PATH_BYTES = 1_000;

/** A repository's name is also a folder's name and a part of an address, hence the narrow alphabet. */
export function isRepositoryName(name: string): boolean {
  return REPOSITORY.test(name) && !name.includes("..") && !/\.(git|lock)$/.test(name);
}

/** Answers the name; throws `InvalidError` unless it is a good one. */
export function checkRepositoryName(name: string): string {
  if (isRepositoryName(name)) return name;
  throw new InvalidError(`"${name.slice(0, 100)}" is not a repository name.`, {
    mend: "Use 1 to 100 lower-case letters, digits, dots, hyphens or underscores, beginning with a letter or digit and not ending in .git.",
  });
}

/** A branch, tag or commit hash as given from outside: never an option, a range or a reflog expression. */
export function checkRef(ref: string): string {
  const bad = !REF.test(ref) || ref.includes("..") || ref.includes("//") || /(^|\/)\.|\.lock($|\/)|[./]$/.test(ref);
  if (bad) throw new InvalidError(`"${ref.slice(0, 100)}" is not a branch, tag or commit.`);
  return ref;
}

/** A file's path inside a repository: relative, without `..`, without a `.git` folder, without control characters. */
export function checkPath(path: string): string {
  const bad = path === "" || Buffer.byteLength(path) > MAX_PATH_BYTES || /[\p{Cc}\\]/u.test(path) || path.split("/").some(isBadPart);
  if (bad)
    throw new InvalidError(`"${path.slice(0, 200)}" is not a path inside a repository.`, {
      mend: "Use a relative path without .. and .git.",
    });
  return path;
}

function isBadPart(part: string): boolean {
  // Trailing dots and spaces, `git~1` and the ignorable characters are other spellings of `.git` on other file systems.
  const plain = part
    .replaceAll(/[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g, "")
    .replace(/[. ]+$/, "")
    .toLowerCase();
  return part === "" || part === "." || part === ".." || plain === ".git" || plain === "git~1";
}
