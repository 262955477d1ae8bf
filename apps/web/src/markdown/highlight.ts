import { createHighlighterCore, type HighlighterCore, type LanguageInput } from "shiki/core";
import { createJavaScriptRegexEngine } from "shiki/engine/javascript";

/** One line of coloured pieces. */
export type Line = readonly { readonly text: string; readonly light: string | undefined; readonly dark: string | undefined }[];

/** Grammars by the words people write after the fence; each is its own file and is fetched when first needed. */
const LANGUAGES: Readonly<Record<string, () => Promise<{ readonly default: LanguageInput }>>> = {
  bash: () => import("@shikijs/langs/bash") as never,
  dockerfile: () => import("@shikijs/langs/dockerfile") as never,
  go: () => import("@shikijs/langs/go") as never,
  graphql: () => import("@shikijs/langs/graphql") as never,
  html: () => import("@shikijs/langs/html") as never,
  java: () => import("@shikijs/langs/java") as never,
  javascript: () => import("@shikijs/langs/javascript") as never,
  json: () => import("@shikijs/langs/json") as never,
  markdown: () => import("@shikijs/langs/markdown") as never,
  proto: () => import("@shikijs/langs/proto") as never,
  python: () => import("@shikijs/langs/python") as never,
  sql: () => import("@shikijs/langs/sql") as never,
  typescript: () => import("@shikijs/langs/typescript") as never,
  yaml: () => import("@shikijs/langs/yaml") as never,
};
const ALIASES: Readonly<Record<string, string>> = {
  sh: "bash",
  shell: "bash",
  console: "bash",
  docker: "dockerfile",
  js: "javascript",
  mjs: "javascript",
  ts: "typescript",
  tsx: "typescript",
  py: "python",
  yml: "yaml",
  md: "markdown",
};

/** Colours for both themes; undefined for a language without a grammar. */
export async function highlight(code: string, lang: string): Promise<readonly Line[] | undefined> {
  const name = ALIASES[lang.toLowerCase()] ?? lang.toLowerCase();
  const load = LANGUAGES[name];
  if (load === undefined) return undefined;
  const shiki = await open();
  if (!shiki.getLoadedLanguages().includes(name)) await shiki.loadLanguage((await load()).default);
  const { tokens } = shiki.codeToTokens(code, {
    lang: name,
    themes: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    defaultColor: false,
  });
  return tokens.map((line) =>
    line.map(({ content, htmlStyle }) => ({ text: content, light: htmlStyle?.["--shiki-light"], dark: htmlStyle?.["--shiki-dark"] })),
  );
}

let opened: Promise<HighlighterCore> | undefined;

function open(): Promise<HighlighterCore> {
  opened ??= createHighlighterCore({
    themes: [import("@shikijs/themes/github-light-high-contrast"), import("@shikijs/themes/github-dark-high-contrast")],
    langs: [],
    engine: createJavaScriptRegexEngine({ forgiving: true }),
  });
  return opened;
}
