import type { OutputOf } from "@roadbed/core";

import type { checkFiles, FileFinding } from "./files.ts";

export type Checked = OutputOf<typeof checkFiles>;

/** The answer in the words of whoever reads it. Each ends with a line's end. */
export const FORMATS: Readonly<Record<string, (checked: Checked) => string>> = {
  text,
  markdown,
  sarif,
  github,
  gitlab,
  json: (checked) => `${JSON.stringify(checked, undefined, 2)}\n`,
};

/** The first line says it all. */
export function headline({ verdict, introduced, resources, evaluated, unread }: Checked): string {
  if (resources === 0 && introduced === 0) return unread.length > 0 ? "Nothing could be judged" : "No manifests are changed";
  const said =
    verdict === "deny"
      ? "Denied"
      : verdict === "unknown"
        ? "Cannot be said yet, which is no pass"
        : verdict === "warn"
          ? "Allowed, with warnings"
          : "Allowed";
  const judged = `${count(resources, "resource")}, ${count(evaluated, "question")}`;
  return `${said}: the change introduces ${introduced === 0 ? "nothing that a policy finds" : count(introduced, "finding")} (${judged})`;
}

function text(checked: Checked): string {
  const lines = [headline(checked)];
  for (const one of checked.findings.filter(({ introduced }) => introduced)) {
    lines.push(
      "",
      `${one.severity.padEnd(5)} ${one.file}:${one.line}:${one.column}  ${one.title} (${one.policy})`,
      `      ${one.resource}${one.environment === undefined ? "" : ` in ${one.environment}`}: ${one.message}`,
    );
    if (one.waiver) lines.push(`      ${waived(one.waiver)}`);
    else if (one.mend !== "") lines.push(`      Mend: ${one.mend}`);
    if (one.suggestion && !one.waiver) lines.push(`      Line ${one.suggestion.line} as it should be: ${one.suggestion.text.trim()}`);
  }
  for (const { file, line, reason, mend } of checked.unread) lines.push("", `?     ${file}:${line}  ${reason}`, `      Mend: ${mend}`);
  lines.push(...beside(checked).flatMap((line) => ["", line]));
  return `${lines.join("\n")}\n`;
}

/** Begins with a mark by which the comment is found again, and edited instead of written anew. */
export const COMMENT_MARK = "<!-- roadbed:check -->";

function markdown(checked: Checked): string {
  const sign = { deny: "⛔", warn: "⚠️", allow: "✅", unknown: "❔" }[checked.verdict];
  const lines = [COMMENT_MARK, `### ${sign} ${headline(checked)}`];
  const introduced = checked.findings.filter((one) => one.introduced);
  if (introduced.length > 0) {
    lines.push("", "| | Where | What | How to mend it |", "|---|---|---|---|");
    for (const one of introduced.slice(0, MOST_ROWS)) {
      lines.push(
        `| ${one.severity} | \`${one.file}:${one.line}\`<br>${cell(one.resource)}${one.environment === undefined ? "" : ` in ${cell(one.environment)}`} | **${cell(one.title)}**<br>${cell(one.message)} | ${cell(one.waiver ? waived(one.waiver) : one.mend)} |`,
      );
    }
    if (introduced.length > MOST_ROWS) lines.push("", `${introduced.length - MOST_ROWS} more are not shown.`);
  }
  if (checked.unread.length > 0)
    lines.push(
      "",
      "Not judged:",
      ...checked.unread.slice(0, MOST_ROWS).map(({ file, line, reason }) => `- \`${file}:${line}\` ${cell(reason)}`),
    );
  lines.push(...beside(checked).flatMap((line) => ["", line]));
  return `${lines.join("\n")}\n`;
}

const MOST_ROWS = 50;

function beside({ known, mended }: Checked): string[] {
  return [
    ...(known > 0
      ? [
          `${count(known, "finding")} of before the change ${known === 1 ? "is" : "are"} left as ${known === 1 ? "it is" : "they are"}: it stops nobody.`,
        ]
      : []),
    ...(mended > 0 ? [`The change mends ${count(mended, "finding")}.`] : []),
  ];
}

/** What a pipeline of GitHub reads out of its log, as annotations at the lines. */
function github(checked: Checked): string {
  const level = { deny: "error", warn: "warning", audit: "notice" } as const;
  const escape = (value: string): string => value.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  const property = (value: string): string => escape(value).replaceAll(":", "%3A").replaceAll(",", "%2C");
  const lines = checked.findings
    .filter(({ introduced, waiver }) => introduced && waiver === undefined)
    .map(
      (one) =>
        `::${level[one.severity]} file=${property(one.file)},line=${one.line},col=${one.column},title=${property(one.title)}::${escape(`${one.resource}: ${one.message} ${one.mend}`.trim())}`,
    );
  return `${[...lines, headline(checked)].join("\n")}\n`;
}

/** GitLab's code quality report: what the change introduces, at its lines. */
function gitlab(checked: Checked): string {
  const severity = { deny: "critical", warn: "minor", audit: "info" } as const;
  const report = checked.findings
    .filter(({ introduced, waiver }) => introduced && waiver === undefined)
    .map((one) => ({
      description: `${one.resource}: ${one.message}`,
      check_name: one.policy,
      fingerprint: one.fingerprint,
      severity: severity[one.severity],
      location: { path: one.file, lines: { begin: one.line } },
    }));
  return `${JSON.stringify(report, undefined, 2)}\n`;
}

function sarif(checked: Checked): string {
  return `${JSON.stringify(toSarif(checked), undefined, 2)}\n`;
}

/** SARIF 2.1.0; what was there before the change is in it as suppressed, so that it is seen and stops nothing. */
export function toSarif(checked: Checked): object {
  const rules = [...new Map(checked.findings.map((one) => [one.policy, one])).values()];
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "Roadbed", rules: rules.map(ruleOf) } },
        results: checked.findings.map((one) =>
          resultOf(
            one,
            rules.findIndex(({ policy }) => policy === one.policy),
          ),
        ),
      },
    ],
  };
}

/** At the lines of a pull request: what the change introduces. */
export interface Annotation {
  readonly path: string;
  readonly line: number;
  readonly level: "failure" | "warning" | "notice";
  readonly title: string;
  readonly message: string;
}

export function annotationsOf(checked: Checked): readonly Annotation[] {
  return checked.findings
    .filter(({ introduced }) => introduced)
    .map(({ file, line, severity, title, resource, message, mend, waiver, environment }) => ({
      path: file,
      line,
      level: waiver ? "notice" : ({ deny: "failure", warn: "warning", audit: "notice" } as const)[severity],
      title,
      message: `${resource}${environment === undefined ? "" : ` in ${environment}`}: ${message}\n${mend}`.trim(),
    }));
}

/** A line that mends a finding, in the words of GitHub or GitLab: whoever reads it takes it with a click. */
export interface SuggestedEdit {
  readonly path: string;
  readonly line: number;
  readonly body: string;
}

export function suggestedEdits(checked: Checked, host: "github" | "gitlab"): readonly SuggestedEdit[] {
  const fence = host === "github" ? "suggestion" : "suggestion:-0+0";
  return checked.findings.flatMap(({ introduced, waiver, suggestion, file, title, message, fingerprint }) =>
    !introduced || waiver !== undefined || suggestion === undefined
      ? []
      : [
          {
            path: file,
            line: suggestion.line,
            body: `<!-- roadbed:edit ${fingerprint} -->\n**${title}**: ${message}\n\n\`\`\`${fence}\n${suggestion.text}\n\`\`\``,
          },
        ],
  );
}

function ruleOf({ policy, title, why, mend, severity }: FileFinding): object {
  return {
    id: policy,
    name: policy,
    shortDescription: { text: title },
    fullDescription: { text: why === "" ? title : why },
    help: { text: mend === "" ? title : mend },
    defaultConfiguration: { level: LEVEL[severity] },
  };
}

const LEVEL = { deny: "error", warn: "warning", audit: "note" } as const;

function resultOf(
  { policy, severity, resource, message, file, line, column, fingerprint, introduced, waiver }: FileFinding,
  ruleIndex: number,
): object {
  return {
    ruleId: policy,
    ruleIndex,
    level: LEVEL[severity],
    message: { text: `${resource}: ${message}` },
    locations: [{ physicalLocation: { artifactLocation: { uri: encodeURI(file) }, region: { startLine: line, startColumn: column } } }],
    partialFingerprints: { "roadbed/v1": fingerprint },
    baselineState: introduced ? "new" : "unchanged",
    ...suppressed(introduced, waiver),
  };
}

/** What stops nothing: old debt, and what is waived. */
function suppressed(introduced: boolean, waiver: FileFinding["waiver"]): object {
  if (waiver) return { suppressions: [{ kind: "external", status: "accepted", justification: waived(waiver) }] };
  return introduced ? {} : { suppressions: [{ kind: "external", justification: "It was there before the change." }] };
}

function waived({ id, reason, owner, expiresAt }: NonNullable<FileFinding["waiver"]>): string {
  return `Waived until ${expiresAt.slice(0, 10)} by ${owner} (${id}): ${reason}`;
}

function cell(value: string): string {
  return value.replaceAll("|", "\\|").replaceAll(/\s*\n\s*/g, " ");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
