/**
 * What the documentation names must be there: files, commands with their flags, variables, policies, and one line
 * per dependency. Run by `npm test`; exits 1 with one line per fault, and fails when it looked at nothing.
 */
import { dirname } from "node:path";

import { checkDocs } from "./lib/docs.ts";

const { files, links, commands, problems } = await checkDocs(dirname(import.meta.dirname));
for (const problem of problems) console.error(problem);
console.log(`docs: ${files} files, ${links} paths, ${commands} commands, ${problems.length} problems`);
process.exitCode = files > 0 && links > 0 && commands > 0 && problems.length === 0 ? 0 : 1;
