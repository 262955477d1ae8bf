import type { AdmissionAnswer } from "@roadbed/contracts/standards";

import type { Note, Violation } from "./findings.ts";

const CODES = { Unauthorized: 401, Forbidden: 403, Invalid: 422, RequestEntityTooLarge: 413 } as const;
const FAILURES = "validation.policy.admission.k8s.io/validation_failure";
/** As many failures as Kubernetes notes about one request. */
const NOTED = 50;

/** What an API server would have answered about each object, word by word: the first denial decides message, reason and code. */
export function toAdmission(names: readonly string[], violations: readonly Violation[], notes: readonly Note[]): AdmissionAnswer[] {
  return names.flatMap((resource, target) => {
    const mine = violations.filter((one) => one.target === target);
    const noted = notes.filter((one) => one.target === target);
    if (mine.length === 0 && noted.length === 0) return [];
    const denial = mine.find(({ actions }) => actions.includes("deny"));
    const reason = denial && (denial.policy.answers[denial.position]?.reason ?? "Invalid");
    return [
      {
        resource,
        allowed: denial === undefined,
        ...(denial === undefined || reason === undefined
          ? {}
          : {
              code: CODES[reason],
              reason,
              message: `${named(denial, "ValidatingAdmissionPolicy")} denied request: ${denial.finding.message}`,
            }),
        warnings: mine
          .filter(({ actions }) => actions.includes("warn"))
          .map((one) => `Validation failed for ${named(one, "ValidatingAdmissionPolicy")}: ${one.finding.message}`),
        auditAnnotations: { ...toAnnotations(noted), ...toFailures(mine) },
      },
    ];
  });
}

function named({ policy, binding }: Violation, word: string): string {
  return `${word} '${policy.name}'${binding === undefined ? "" : ` with binding '${binding.name}'`}`;
}

/** Distinct values of one key, in their order, joined as Kubernetes joins them. */
function toAnnotations(notes: readonly Note[]): Record<string, string> {
  const values = new Map<string, Set<string>>();
  for (const { key, value } of notes) values.set(key, (values.get(key) ?? new Set()).add(value));
  return Object.fromEntries([...values].map(([key, all]) => [key, [...all].join(", ")]));
}

function toFailures(violations: readonly Violation[]): Record<string, string> {
  const audited = violations.filter(({ actions }) => actions.includes("audit")).slice(0, NOTED);
  if (audited.length === 0) return {};
  const failures = audited.map(({ finding, policy, binding, position, actions }) => ({
    message: finding.message,
    policy: policy.name,
    binding: binding?.name ?? "",
    expressionIndex: position,
    validationActions: actions.map((action) => action.charAt(0).toUpperCase() + action.slice(1)),
  }));
  return { [FAILURES]: JSON.stringify(failures) };
}
