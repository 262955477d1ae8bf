import type { Analyser, PackageFinding } from "../finding.ts";
import { escape, nameOfDir } from "./npm.ts";
import { isRecord, lineMatching, listOf, personIn, present, shortText, textOf } from "./text.ts";

/** `composer.json`: what PHP builds. */
export const composer: Analyser = {
  name: "composer.json",
  matches: (_, base) => base === "composer.json",
  read({ path: file, dir, text }) {
    const json: unknown = JSON.parse(text);
    if (!isRecord(json)) return [];
    const needed = Object.keys(isRecord(json.require) ? json.require : {}).filter((one) => one.includes("/"));
    const dependencies = needed.map((name) => ({ name, line: lineMatching(text, new RegExp(`"${escape(name)}"\\s*:`)) }));
    const server = dependencies.find(({ name }) =>
      /^(?:laravel\/framework|symfony\/framework-bundle|slim\/slim|laminas\/laminas-mvc)$/.test(name),
    );
    const isProject = textOf(json.type) === "project";
    const found: PackageFinding = {
      type: "package",
      file,
      line: lineMatching(text, /"name"\s*:/),
      dir,
      ecosystem: "composer",
      name: textOf(json.name) ?? nameOfDir(dir),
      ...present({ version: textOf(json.version), description: shortText(textOf(json.description)) }),
      ...(server
        ? { runs: { file, line: server.line, says: `composer.json needs ${server.name}` } }
        : isProject
          ? { runs: { file, line: lineMatching(text, /"type"\s*:/), says: "composer.json says it is a project" } }
          : {}),
      ...(textOf(json.type) === "library"
        ? { published: { file, line: lineMatching(text, /"type"\s*:/), says: "composer.json says it is a library" } }
        : {}),
      people: listOf(json.authors).flatMap((one) => {
        if (!isRecord(one)) return [];
        const person = personIn(`${textOf(one.name) ?? ""} <${textOf(one.email) ?? ""}>`);
        return person.email === undefined ? [] : [{ ...person, line: lineMatching(text, new RegExp(escape(person.email), "i")) }];
      }),
      dependencies,
    };
    return [found];
  },
};
