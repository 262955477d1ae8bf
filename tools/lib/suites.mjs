/** The suites of `npm test`. Node 18. */

const vitest = (project) => ["node_modules/vitest/vitest.mjs", "run", "--project", project];
const TESTS = /^\s*Tests\s.*\b[1-9]\d* passed/m;

/**
 * `command` runs under Node 24 from the clone; `shows` is what its output must say, so that a suite which looked at
 * nothing fails; after `minutes` it is ended.
 */
export const SUITES = [
  { name: "format", command: ["node_modules/oxfmt/bin/oxfmt", "--check"], shows: /on [1-9]\d* files/, minutes: 3 },
  // One reading of the sources finds what the compiler and what the linter would.
  {
    name: "types-lint",
    command: ["node_modules/oxlint/bin/oxlint", "--type-aware", "--type-check", "--deny-warnings"],
    shows: /on [1-9]\d* files/,
    minutes: 8,
  },
  { name: "floors", command: ["tools/check-floors.ts"], shows: /^floors: [1-9]\d* packages, [1-9]\d* files/m, minutes: 2 },
  {
    name: "unlisted",
    command: ["node_modules/knip/bin/knip.js", "--include", "unlisted,unresolved", "--reporter", "./tools/lib/knip-reporter.mjs"],
    shows: /^unlisted: [1-9]\d* files/m,
    minutes: 3,
  },
  { name: "docs", command: ["tools/check-docs.ts"], shows: /^docs: [1-9]\d* files/m, minutes: 2 },
  { name: "lock", command: ["tools/check-lock.ts"], shows: /^lock: [1-9]\d* packages/m, minutes: 2 },
  { name: "unit", command: vitest("unit"), shows: TESTS, minutes: 15 },
  { name: "db", command: vitest("db"), shows: TESTS, minutes: 30 },
  { name: "e2e", command: vitest("e2e"), shows: TESTS, minutes: 30 },
];

/** Whether the output bears the sign that the suite did something; colours do not count. */
export function lookedAtSomething(shows, output) {
  // eslint-disable-next-line no-control-regex -- the escape character is what colours begin with
  return shows.test(output.replace(/\u001b\[[0-9;]*m/g, ""));
}
