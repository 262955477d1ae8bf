/** knip's findings as lines, and how many files it looked at: knip itself says nothing when all is well. */
export default function report({ issues, counters, report: wanted }) {
  const lines = Object.entries(issues)
    .filter(([type]) => wanted[type])
    .flatMap(([type, byFile]) =>
      Object.values(byFile)
        .flatMap((found) => Object.values(found))
        .map((issue) => `${issue.filePath}: ${issue.symbol} is ${type}`),
    );
  for (const line of lines.sort()) console.error(line);
  console.log(`unlisted: ${counters.total} files, ${lines.length} problems`);
}
