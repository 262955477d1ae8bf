import type { Analyser, PackageFinding } from "../finding.ts";
import { matchLines } from "./text.ts";
import { nameOfDir } from "./npm.ts";

const PLUGIN = /(?:id\s*\(?\s*|apply\s+plugin:\s*|kotlin\(\s*)["']([\w.-]+)["']/;
const RUNS =
  /^(?:org\.springframework\.boot|application|io\.quarkus|io\.ktor\.plugin|com\.google\.cloud\.tools\.jib|io\.micronaut\.application)$/;
const DEPENDENCY =
  /^\s*(?:implementation|api|compile|runtimeOnly|compileOnly)\s*\(?\s*(?:platform\s*\(\s*)?["']([\w.-]+:[\w.-]+)(?::[^"']*)?["']/;
const PROJECT = /^\s*(?:implementation|api|compile)\s*\(?\s*project\s*\(\s*(?:path\s*[:=]\s*)?["']:([\w:.-]+)["']/;

/** `build.gradle` and `build.gradle.kts`: plugins and dependencies, read line by line (it is a program, not data). */
export const gradle: Analyser = {
  name: "build.gradle",
  matches: (_, base) => base === "build.gradle" || base === "build.gradle.kts",
  read({ path: file, dir, base, text }) {
    const plugins = [...matchLines(text, PLUGIN)].map(({ line, match }) => ({ line, name: match[1]! }));
    const runs = plugins.find(({ name }) => RUNS.test(name));
    const publishes = plugins.find(({ name }) => name === "maven-publish");
    const [group] = matchLines(text, /^\s*group\s*=?\s*["']([\w.-]+)["']/);
    const [version] = matchLines(text, /^\s*version\s*=?\s*["']([\w.-]+)["']/);
    const [description] = matchLines(text, /^\s*description\s*=?\s*["']([^"']+)["']/);
    const [input] = matchLines(text, /inputSpec(?:\.set)?\s*[=(]\s*["']([^"']+)["']/);
    const dependencies = [
      ...[...matchLines(text, DEPENDENCY)].map(({ line, match }) => ({ line, name: match[1]! })),
      ...[...matchLines(text, PROJECT)].map(({ line, match }) => ({ line, name: `:${match[1]!.split(":").at(-1)}` })),
    ];
    const artifact = nameOfDir(dir);
    const found: PackageFinding = {
      type: "package",
      file,
      line: runs?.line ?? 1,
      dir,
      ecosystem: "gradle",
      name: group && artifact !== "" ? `${group.match[1]}:${artifact}` : artifact,
      ...(version ? { version: version.match[1]! } : {}),
      ...(description ? { description: description.match[1]! } : {}),
      ...(runs ? { runs: { file, line: runs.line, says: `${base} uses the plugin ${runs.name}` } } : {}),
      ...(publishes ? { published: { file, line: publishes.line, says: `${base} publishes to a Maven repository` } } : {}),
      ...(plugins.length === 0 && dependencies.length === 0 ? { root: true } : {}),
      people: [],
      dependencies,
      ...(input && /generatorName[^\n]*(?:kotlin|java|typescript)["']/.test(text)
        ? { generates: [{ input: input.match[1]!, line: input.line }] }
        : {}),
    };
    return [found];
  },
};

/** `settings.gradle`: the name of the whole, and that the root only holds others together. */
export const gradleSettings: Analyser = {
  name: "settings.gradle",
  matches: (_, base) => base === "settings.gradle" || base === "settings.gradle.kts",
  read({ path: file, dir, text }) {
    const [name] = matchLines(text, /rootProject\.name\s*=\s*["']([\w.-]+)["']/);
    const [include] = matchLines(text, /^\s*include\b/);
    if (!name) return [];
    const found: PackageFinding = {
      type: "package",
      file,
      line: name.line,
      dir,
      ecosystem: "gradle",
      name: name.match[1]!,
      ...(include ? { root: true } : {}),
      people: [],
      dependencies: [],
    };
    return [found];
  },
};
