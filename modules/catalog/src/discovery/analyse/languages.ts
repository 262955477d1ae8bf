import type { LanguagesFinding } from "../finding.ts";

const LANGUAGES: Readonly<Record<string, string>> = {
  ts: "TypeScript",
  tsx: "TypeScript",
  mts: "TypeScript",
  js: "JavaScript",
  jsx: "JavaScript",
  mjs: "JavaScript",
  cjs: "JavaScript",
  go: "Go",
  java: "Java",
  kt: "Kotlin",
  kts: "Kotlin",
  scala: "Scala",
  groovy: "Groovy",
  py: "Python",
  rb: "Ruby",
  rs: "Rust",
  php: "PHP",
  cs: "C#",
  fs: "F#",
  vb: "Visual Basic",
  ex: "Elixir",
  exs: "Elixir",
  erl: "Erlang",
  c: "C",
  h: "C",
  cc: "C++",
  cpp: "C++",
  hpp: "C++",
  swift: "Swift",
  m: "Objective-C",
  dart: "Dart",
  lua: "Lua",
  pl: "Perl",
  r: "R",
  jl: "Julia",
  hs: "Haskell",
  clj: "Clojure",
  sh: "Shell",
  tf: "HCL",
  vue: "Vue",
  svelte: "Svelte",
  css: "CSS",
  scss: "CSS",
  html: "HTML",
  sql: "SQL",
  proto: "Protocol Buffers",
};

const FOREIGN = /(?:^|\/)(?:vendor|third_party|dist|build|target|generated|\.yarn)\/|\.min\.(?:js|css)$|\.pb\.go$|_pb2\.py$/;

/** Shares of the languages of a repository, by the size of the files where it is known. */
export function languagesOf(files: readonly string[], sizeOf: (path: string) => number | undefined): readonly LanguagesFinding[] {
  const amounts = new Map<string, { amount: number; file: string }>();
  for (const file of files) {
    const language = LANGUAGES[file.slice(file.lastIndexOf(".") + 1)];
    if (language === undefined || FOREIGN.test(file)) continue;
    const known = amounts.get(language) ?? { amount: 0, file };
    known.amount += sizeOf(file) ?? 1;
    amounts.set(language, known);
  }
  const shares = [...amounts]
    .map(([language, { amount }]) => ({ language, amount }))
    .sort((a, b) => b.amount - a.amount || (a.language < b.language ? -1 : 1));
  const [first] = shares;
  return first ? [{ type: "languages", file: amounts.get(first.language)!.file, line: 1, shares: shares.slice(0, 10) }] : [];
}
