import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A small policy over Deployments, as a file says it; used by tests. */
export function policyText(
  o: { name?: string; expression?: string; failurePolicy?: "Fail" | "Ignore"; severity?: "deny" | "warn"; condition?: string } = {},
): string {
  const lines = [
    "apiVersion: admissionregistration.k8s.io/v1",
    "kind: ValidatingAdmissionPolicy",
    "metadata:",
    `  name: ${o.name ?? "example"}`,
    "  annotations:",
    '    roadbed.dev/title: "Example"',
    "    roadbed.dev/why: Because.",
    "    roadbed.dev/mend: Add some.",
    '    roadbed.dev/version: "1.0.0"',
    ...(o.severity === undefined ? [] : [`    roadbed.dev/severity: ${o.severity}`]),
    "spec:",
    ...(o.condition === undefined ? [] : ["  matchConditions:", `    - { name: only, expression: ${JSON.stringify(o.condition)} }`]),
    `  failurePolicy: ${o.failurePolicy ?? "Fail"}`,
    "  matchConstraints:",
    "    resourceRules:",
    "      - apiGroups: [apps]",
    "        apiVersions: [v1]",
    "        operations: [CREATE]",
    "        resources: [deployments]",
    "  validations:",
    `    - expression: ${JSON.stringify(o.expression ?? "object.spec.replicas > 1")}`,
    "      message: Too few.",
    "",
  ];
  return lines.join("\n");
}

/** A new folder under the system's temporary folder with these files. */
export function quietFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "roadbed-policies-"));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}
