/** What `npm start` is told, looked at before anything is fetched. Node 18. */

/** The first flag that `usage` does not list, or undefined. Values (`--port N`, `--port=N`) are the server's to judge. */
export function unknownFlag(argv, usage) {
  const known = new Set([...(usage.match(/(?<![\w-])--?[a-z][a-z-]*/g) ?? []), "-h", "--help"]);
  return argv.map((word) => word.split("=")[0]).find((word) => word.startsWith("-") && !known.has(word));
}

/** Whether only the list of flags is wanted. */
export function wantsHelp(argv) {
  return argv.includes("--help") || argv.includes("-h");
}
