/**
 * A resource by Terraform from the request to its end: a golden path asks, policies see the plan and refuse it, the class is mended, that very plan is
 * applied, what is there is read back, what changed outside is told, and a golden path takes it away. Only the provider that is built in is used, so
 * no cloud and no download. A machine without the program has the recorded plan of modules/standards/src/terraform/read-plan.test.ts.
 */
import { execFileSync } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Preview, Run } from "@roadbed/contracts/paths";
import type { ProvisionedResource, ResourceDetail } from "@roadbed/contracts/paths/resources";
import { eventually } from "@roadbed/testkit";
import { stringify } from "yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startPathsWorld, type PathsWorld } from "./lib/paths-world.ts";

const hasTerraform = ["tofu", "terraform"].some((program) => {
  try {
    execFileSync(program, ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
});
const ESTATE = "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: { name: payments }\nspec: { type: team, children: [] }\n";
/** The network is another team's state: what changes there changes what this one gives to its consumers. */
const MODULE = `
variable "name" { type = string }
variable "size" { type = string }
variable "network" { type = string }
data "terraform_remote_state" "network" {
  backend = "local"
  config  = { path = var.network }
}
resource "terraform_data" "database" { input = { name = var.name, size = var.size } }
output "database_host" { value = "\${terraform_data.database.output.name}.\${data.terraform_remote_state.network.outputs.domain}" }
output "database_password" {
  value     = "correct-horse-\${terraform_data.database.output.size}"
  sensitive = true
}
`;
const POLICY = stringify({
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingAdmissionPolicy",
  metadata: {
    name: "plan-size",
    annotations: {
      "roadbed.dev/version": "1.0.0",
      "roadbed.dev/severity": "deny",
      "roadbed.dev/title": "No database is huge",
      "roadbed.dev/why": "One was once.",
      "roadbed.dev/mend": "Choose a smaller size.",
    },
  },
  spec: {
    failurePolicy: "Fail",
    matchConstraints: {
      resourceRules: [
        { apiGroups: ["terraform.io"], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["terraform_data"] },
      ],
    },
    validations: [{ expression: "object.values.input.size != 'huge'", message: "The database is huge." }],
  },
});

describe.skipIf(!hasTerraform)("a resource by Terraform", () => {
  let world: PathsWorld;
  let network: string;
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), "terraform-"));
    network = join(folder, "network.tfstate");
    await writeFile(join(folder, "plan-size.yaml"), POLICY);
    await say("a.example.org");
    world = await startPathsWorld({ estate: ESTATE, policies: [folder] });
    await save("huge");
  }, 120_000);
  afterAll(() => world.close());

  const say = (domain: string): Promise<void> =>
    writeFile(
      network,
      JSON.stringify({
        version: 4,
        terraform_version: "1.11.4",
        serial: 1,
        lineage: "n",
        outputs: { domain: { value: domain, type: "string" } },
        resources: [],
      }),
    );
  async function save(size: string): Promise<void> {
    const yaml = stringify({
      apiVersion: "roadbed.dev/v1",
      kind: "ResourceClass",
      metadata: { name: "postgres-small", title: "Small PostgreSQL database" },
      spec: {
        type: "postgres",
        class: "small",
        modules: [
          {
            environments: ["prod"],
            provisioner: "terraform",
            inputs: { size, network },
            cost: { amount: "90", currency: "EUR", source: "the price list", date: "2026-11-01" },
          },
        ],
      },
    });
    const files = { "class.yaml": yaml, "main.tf": MODULE };
    const asFolder = Object.entries(files).map(([path, text]) => ({ path, base64: Buffer.from(text).toString("base64") }));
    await world.call("paths.resource-class.save", { folder: asFolder });
  }
  const values = { name: "ledger-db", owner: "payments", environment: "prod" };
  const entity = "resource:default/ledger-db";

  test("is requested, refused, mended, applied as planned, read back, drifts, is mended, and goes", async () => {
    const refused = await world.call<Preview>("paths.path.preview", { path: "postgres-database", values });
    expect(refused).toMatchObject({ verdict: "deny", monthlyCost: { amount: "90", currency: "EUR" } });
    expect(refused.findings.map(({ message }) => message)).toContainEqual(expect.stringContaining("The database is huge."));
    await expect(world.run("postgres-database", values)).rejects.toThrow(/huge/);

    await save("modest");
    const preview = await world.call<Preview>("paths.path.preview", { path: "postgres-database", values });
    expect(preview.resources.map(({ kind, name }) => `${kind} ${name}`)).toContain("terraform_data terraform_data.database");
    const run: Run = await world.run("postgres-database", values);
    expect([run.status, run.error]).toEqual(["succeeded", undefined]);
    const id = String(run.outputs["resource"]);
    const made = await world.call<ResourceDetail>("paths.resource.show", { resource: id });
    expect(made).toMatchObject({
      state: "ready",
      seen: "present",
      drift: [],
      facts: { outputs: { database_host: "ledger-db.a.example.org" }, sensitiveOutputs: ["database_password"] },
      variables: ["DATABASE_HOST", "DATABASE_PASSWORD"],
    });
    expect(JSON.stringify([run, made])).not.toContain("correct-horse");
    expect(await world.call<Run>("paths.run.get", { id: run.id })).toMatchObject({ monthlyCost: { amount: "90" } });

    await say("b.example.org");
    const drifted = await world.call<ProvisionedResource>("paths.resource.check", { resource: id });
    expect(drifted.drift).toEqual([{ what: "output database_host", wanted: "ledger-db.a.example.org", found: "ledger-db.b.example.org" }]);
    await world.call("paths.resource.retry", { resource: id });
    await eventually(async () => {
      expect(await world.call("paths.resource.show", { resource: id })).toMatchObject({
        state: "ready",
        drift: [],
        facts: { outputs: { database_host: "ledger-db.b.example.org" } },
      });
    }, 60_000);

    const gone = await world.run("delete-database", { entity, environment: "prod", name: "ledger-db" });
    expect(gone.status).toBe("succeeded");
    await eventually(
      async () => expect(await world.call("paths.resource.show", { resource: id })).toMatchObject({ state: "destroyed" }),
      60_000,
    );
  }, 240_000);
});
