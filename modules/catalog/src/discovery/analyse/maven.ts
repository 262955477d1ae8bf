import { XMLParser } from "fast-xml-parser";

import type { Analyser, PackageFinding } from "../finding.ts";
import { isRecord, lineMatching, listOf, personIn, present, shortText, textOf } from "./text.ts";
import { escape } from "./npm.ts";

const parser = new XMLParser({ ignoreAttributes: true, parseTagValue: false, processEntities: false, maxNestedTags: 60 });

/** `pom.xml`: artefact, modules, Spring Boot or Quarkus, code made from API descriptions. */
export const maven: Analyser = {
  name: "pom.xml",
  matches: (_, base) => base === "pom.xml",
  read({ path: file, dir, text }) {
    const parsed: unknown = parser.parse(text);
    const project = isRecord(parsed) && isRecord(parsed.project) ? parsed.project : undefined;
    const name = textOf(project?.artifactId);
    if (!project || name === undefined) return [];
    const group = textOf(project.groupId) ?? (isRecord(project.parent) ? textOf(project.parent.groupId) : undefined);
    const needed = pick(project.dependencies, "dependency").filter(({ scope }) => scope !== "test");
    const plugins = isRecord(project.build) ? pick(project.build.plugins, "plugin") : [];
    const at = (word: string): { file: string; line: number } => ({
      file,
      line: lineMatching(text, new RegExp(`<artifactId>\\s*${escape(word)}\\s*<`)),
    });
    const boots = plugins.find(({ artifactId }) => /^(?:spring-boot|quarkus|jib|micronaut)-maven-plugin$/.test(textOf(artifactId) ?? ""));
    const web = needed.find(({ artifactId }) => /^spring-boot-starter-web(?:flux)?$|^quarkus-rest/.test(textOf(artifactId) ?? ""));
    const runner = textOf(boots?.artifactId) ?? textOf(web?.artifactId);
    const found: PackageFinding = {
      type: "package",
      ...at(name),
      dir,
      ecosystem: "maven",
      name: group === undefined ? name : `${group}:${name}`,
      ...present({ version: textOf(project.version), description: shortText(textOf(project.description)) }),
      ...(project.modules !== undefined && textOf(project.packaging) === "pom" ? { root: true } : {}),
      ...(runner === undefined ? {} : { runs: { ...at(runner), says: `pom.xml uses ${runner}` } }),
      ...(project.distributionManagement === undefined
        ? {}
        : { published: { file, line: lineMatching(text, /<distributionManagement>/), says: "pom.xml says where it is published" } }),
      people: pick(project.developers, "developer").flatMap(({ name: who, email }) => {
        const person = personIn(`${textOf(who) ?? ""} <${textOf(email) ?? ""}>`);
        return person.email === undefined ? [] : [{ ...person, line: lineMatching(text, new RegExp(escape(person.email), "i")) }];
      }),
      dependencies: needed.flatMap(({ groupId, artifactId }) => {
        const artifact = textOf(artifactId);
        return artifact === undefined ? [] : [{ name: `${textOf(groupId) ?? ""}:${artifact}`, line: at(artifact).line }];
      }),
      ...generatesIn(plugins, text),
    };
    return [found];
  },
};

function pick(holder: unknown, field: string): Record<string, unknown>[] {
  return isRecord(holder) ? listOf(holder[field]).filter(isRecord) : [];
}

function generatesIn(plugins: readonly Record<string, unknown>[], text: string): Pick<PackageFinding, "generates"> {
  const generates = plugins
    .filter(({ artifactId }) => /openapi-generator|swagger-codegen/.test(textOf(artifactId) ?? ""))
    .flatMap((plugin) => {
      const input = /<inputSpec>\s*([^<]+?)\s*</.exec(text)?.[1];
      // The same plugin makes servers: only a client speaks of another's API.
      const isServer = /<generatorName>\s*(?:spring|jaxrs)/.test(text);
      return input === undefined || isServer || plugin.executions === undefined ? [] : [{ input, line: lineMatching(text, /<inputSpec>/) }];
    });
  return generates.length === 0 ? {} : { generates };
}
