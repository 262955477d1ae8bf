import { parse } from "smol-toml";

import type { Analyser, PackageFinding } from "../finding.ts";
import { escape, nameOfDir } from "./npm.ts";
import { isRecord, lineMatching, lineOfWord, listOf, matchLines, personIn, present, shortText, textOf } from "./text.ts";

const SERVERS = /^(?:fastapi|flask|django|starlette|aiohttp|sanic|tornado|uvicorn|gunicorn|litestar|celery|grpcio)$/;

/** `pyproject.toml`, by PEP 621 or Poetry. */
export const pyproject: Analyser = {
  name: "pyproject.toml",
  matches: (_, base) => base === "pyproject.toml",
  read({ path: file, dir, base, text }) {
    const toml = parse(text);
    const project = isRecord(toml.project) ? toml.project : {};
    const poetry = isRecord(toml.tool) && isRecord(toml.tool.poetry) ? toml.tool.poetry : {};
    if (Object.keys(project).length + Object.keys(poetry).length === 0) return [];
    const needed = [...listOf(project.dependencies).map(String), ...Object.keys(isRecord(poetry.dependencies) ? poetry.dependencies : {})]
      .map(nameOfRequirement)
      .filter((name) => name !== "" && name !== "python");
    const dependencies = needed.map((name) => ({
      name,
      line: lineMatching(text, new RegExp(`(?:^|["'])${escape(name).replaceAll("-", "[-_]")}`, "im")),
    }));
    const server = dependencies.find(({ name }) => SERVERS.test(name));
    const scripts = isRecord(project.scripts) || isRecord(poetry.scripts);
    const found: PackageFinding = {
      type: "package",
      file,
      line: lineMatching(text, /^name\s*=/m),
      dir,
      ecosystem: "python",
      name: textOf(project.name) ?? textOf(poetry.name) ?? nameOfDir(dir),
      ...present({
        version: textOf(project.version) ?? textOf(poetry.version),
        description: shortText(textOf(project.description) ?? textOf(poetry.description)),
      }),
      ...(server ? { runs: { file, line: server.line, says: `${base} needs ${server.name}` } } : {}),
      ...(!server && toml["build-system"] !== undefined && !scripts
        ? { published: { file, line: lineMatching(text, /^\[build-system\]/m), says: `${base} builds a package` } }
        : {}),
      people: [...listOf(project.authors), ...listOf(project.maintainers), ...listOf(poetry.authors)].flatMap((one) => {
        const person = isRecord(one) ? personIn(`${textOf(one.name) ?? ""} <${textOf(one.email) ?? ""}>`) : personIn(textOf(one) ?? "");
        return person.email === undefined ? [] : [{ ...person, line: lineMatching(text, new RegExp(escape(person.email), "i")) }];
      }),
      dependencies,
    };
    return [found];
  },
};

/** `requirements.txt`, where there is nothing better. */
export const requirements: Analyser = {
  name: "requirements.txt",
  matches: (_, base) => base === "requirements.txt",
  read({ path: file, dir, base, text }) {
    const dependencies = [...matchLines(text, /^\s*([A-Za-z][\w.-]*)/)].map(({ line, match }) => ({
      name: nameOfRequirement(match[1]!),
      line,
    }));
    if (dependencies.length === 0) return [];
    const server = dependencies.find(({ name }) => SERVERS.test(name));
    const found: PackageFinding = {
      type: "package",
      file,
      line: 1,
      dir,
      ecosystem: "python",
      name: nameOfDir(dir),
      ...(server ? { runs: { file, line: server.line, says: `${base} needs ${server.name}` } } : {}),
      people: [],
      dependencies,
    };
    return [found];
  },
};

/** `setup.cfg` and `setup.py`: the name and what is needed, without running anything. */
export const setupFiles: Analyser = {
  name: "setup.cfg",
  matches: (_, base) => base === "setup.cfg" || base === "setup.py",
  read({ path: file, dir, base, text }) {
    const name =
      base === "setup.cfg" ? /^\[metadata\][^[]*?^name\s*=\s*(\S+)/ms.exec(text)?.[1] : /\bname\s*=\s*["']([\w.-]+)["']/.exec(text)?.[1];
    if (name === undefined) return [];
    const block = /install_requires\s*=\s*(\[[^\]]*\]|(?:\n[ \t]+[^\n]+)+)/.exec(text)?.[1] ?? "";
    const needed = block
      .split(/[\n,]/)
      .map((row) => nameOfRequirement(row.replaceAll(/["'[\]]/g, "")))
      .filter((one) => one !== "");
    const dependencies = needed.map((one) => ({ name: one, line: lineOfWord(text, one) }));
    const server = dependencies.find((one) => SERVERS.test(one.name));
    const email = /author_email\s*=\s*["']?([^\s"']+@[^\s"',]+)/.exec(text)?.[1]?.toLowerCase();
    const line = lineOfWord(text, name);
    const found: PackageFinding = {
      type: "package",
      file,
      line,
      dir,
      ecosystem: "python",
      name,
      ...(server
        ? { runs: { file, line: server.line, says: `${base} needs ${server.name}` } }
        : { published: { file, line, says: `${base} builds a package` } }),
      people: email === undefined ? [] : [{ email, line: lineOfWord(text.toLowerCase(), email) }],
      dependencies,
    };
    return [found];
  },
};

/** `Flask-Login>=0.6 ; extra` becomes `flask-login`: names are compared without case, dashes and underscores alike. */
function nameOfRequirement(text: string): string {
  return (/^\s*([A-Za-z0-9][\w.-]*)/.exec(text)?.[1] ?? "").toLowerCase().replaceAll(/[_.]+/g, "-");
}
