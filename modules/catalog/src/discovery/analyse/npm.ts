import type { Analyser, Finding, PackageFinding } from "../finding.ts";
import { isRecord, lineMatching, lineOfWord, listOf, personIn, present, shortText, textOf } from "./text.ts";

const SERVERS = new Set([
  "express",
  "fastify",
  "koa",
  "@nestjs/core",
  "hapi",
  "@hapi/hapi",
  "restify",
  "hono",
  "apollo-server",
  "@apollo/server",
]);
const SITES = new Set([
  "next",
  "nuxt",
  "gatsby",
  "@angular/core",
  "react-dom",
  "vue",
  "svelte",
  "@sveltejs/kit",
  "astro",
  "@remix-run/react",
]);

/** `package.json`: scripts that start it, what it is published as, workspaces, code generators. */
export const npm: Analyser = {
  name: "package.json",
  matches: (_, base) => base === "package.json",
  read({ path: file, dir, base, text }) {
    const json: unknown = JSON.parse(text);
    if (!isRecord(json)) return [];
    const scripts = isRecord(json.scripts) ? json.scripts : {};
    const needed = isRecord(json.dependencies) ? Object.keys(json.dependencies) : [];
    const name = textOf(json.name) ?? nameOfDir(dir);
    const place = (pattern: RegExp): { file: string; line: number } => ({ file, line: lineMatching(text, pattern) });
    const server = needed.find((one) => SERVERS.has(one));
    const site = needed.find((one) => SITES.has(one));
    const start = Object.keys(scripts).find((one) => /^(?:start|serve|start:prod)$/.test(one));
    const isWorkspaceRoot = json.workspaces !== undefined;
    const found: PackageFinding = {
      type: "package",
      file,
      line: lineMatching(text, /"name"\s*:/),
      dir,
      ecosystem: "npm",
      name,
      ...present({ version: textOf(json.version), description: shortText(textOf(json.description)) }),
      ...(isWorkspaceRoot ? { root: true } : {}),
      ...(start !== undefined
        ? { runs: { ...place(new RegExp(`"${start}"\\s*:`)), says: `${base} has a script "${start}"` } }
        : server !== undefined
          ? { runs: { ...place(new RegExp(`"${escape(server)}"\\s*:`)), says: `${base} needs ${server}, a web server` } }
          : {}),
      ...(site !== undefined && server === undefined
        ? { website: { ...place(new RegExp(`"${escape(site)}"\\s*:`)), says: `${base} needs ${site}` } }
        : {}),
      ...publishedIn(json, file, text),
      people: [json.author, ...listOf(json.maintainers), ...listOf(json.contributors)].flatMap((one) => {
        const person = isRecord(one) ? personIn(`${textOf(one.name) ?? ""} <${textOf(one.email) ?? ""}>`) : personIn(textOf(one) ?? "");
        return person.email === undefined ? [] : [{ ...person, line: lineOfWord(text, person.email) }];
      }),
      dependencies: needed.map((one) => ({ name: one, line: lineMatching(text, new RegExp(`"${escape(one)}"\\s*:`)) })),
      ...generatesIn(scripts, text),
    };
    return [found] satisfies Finding[];
  },
};

function publishedIn(json: Record<string, unknown>, file: string, text: string): Pick<PackageFinding, "published"> {
  if (json.publishConfig !== undefined) {
    return { published: { file, line: lineMatching(text, /"publishConfig"/), says: "package.json says where it is published" } };
  }
  if (json.private === true || textOf(json.version) === undefined) return {};
  const field = ["exports", "main", "module", "types"].find((one) => json[one] !== undefined);
  if (field === undefined) return {};
  return {
    published: { file, line: lineMatching(text, new RegExp(`"${field}"`)), says: `package.json is not private and has "${field}"` },
  };
}

const GENERATOR = /openapi-generator|openapi-typescript|swagger-typescript-api|orval|graphql-codegen|@hey-api\/openapi-ts|openapi-ts/;

function generatesIn(scripts: Record<string, unknown>, text: string): Pick<PackageFinding, "generates"> {
  const generates = Object.entries(scripts).flatMap(([name, script]) => {
    if (typeof script !== "string" || !GENERATOR.test(script)) return [];
    const input = /(?:\S*:\/\/\S+|\S+\.(?:ya?ml|json|graphqls?))/.exec(script)?.[0];
    return input === undefined ? [] : [{ input, line: lineMatching(text, new RegExp(`"${escape(name)}"\\s*:`)) }];
  });
  return generates.length === 0 ? {} : { generates };
}

export function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** The last folder of a path; "" for the root. */
export function nameOfDir(dir: string): string {
  return dir.slice(dir.lastIndexOf("/") + 1);
}
