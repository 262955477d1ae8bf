import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";

import { actionContext } from "../testing/action-context.ts";
import { folderOf } from "../testing/preview.ts";
import { expand, parseWorkload } from "./workload.ts";
import { scoreRender } from "./score-action.ts";

const SCORE = `apiVersion: score.dev/v1b1
metadata:
  name: orders
  tier: gold
  annotations: { example.org/team: web }
service:
  ports:
    http: { port: 80, targetPort: 8080 }
    stats: { port: 9000, protocol: UDP }
containers:
  main:
    image: .
    command: ["node"]
    args: ["src/server.js"]
    variables:
      PRICE: "$$5"
      TIER: \${metadata.tier}
      DB_PASSWORD: \${resources.db.password}
      DB_URL: postgres://\${resources.db.host}:5432/\${resources.db.name}
    files:
      - { target: /etc/orders.conf, mode: "0640", source: conf/orders.conf }
      - { target: /etc/raw, content: "\${not.expanded}", noExpand: true }
    volumes:
      /data: { source: "\${resources.disk}", path: /sub, readOnly: true }
    resources: { requests: { cpu: 100m, memory: 64Mi }, limits: { memory: 128Mi } }
    livenessProbe: { httpGet: { path: /healthz, port: 8080 } }
  side:
    image: ghcr.io/acme/side@sha256:${"1".repeat(64)}
resources:
  db: { type: postgres, class: small, params: { extensions: [pgvector] } }
  disk: { type: volume }
  shared.dns: { type: dns, id: shared-dns }
`;

async function render(over: object = {}, score = SCORE) {
  const workspace = await folderOf({ "score.yaml": score, "conf/orders.conf": "tier = ${metadata.tier}\n", "catalog-info.yaml": "kept\n" });
  const { c, lines } = await actionContext({ workspace });
  const input = { owner: "group:default/web", image: `registry.example.org/orders@sha256:${"0".repeat(64)}`, ...over };
  const output = await scoreRender.run(c, scoreRender.input.parse(input));
  const read = async (path: string): Promise<string> => readFile(join(workspace, path), "utf8");
  return { output, lines, read };
}

test("a workload becomes a deployment, a service, files and claims; outputs of resources stay secrets", async () => {
  const { output, read, lines } = await render({ replace: true });
  expect(output["files"]).toEqual([
    "k8s/deployment.yaml",
    "k8s/service.yaml",
    "k8s/configmap.yaml",
    "k8s/kustomization.yaml",
    "compose.yaml",
    "catalog-info.yaml",
  ]);
  expect(lines).toHaveLength(1);
  const deployment = parse(await read("k8s/deployment.yaml"));
  const [main, side] = deployment.spec.template.spec.containers;
  expect(main).toMatchObject({
    image: `registry.example.org/orders@sha256:${"0".repeat(64)}`,
    command: ["node"],
    ports: [
      { name: "http", containerPort: 8080 },
      { name: "stats", containerPort: 9000, protocol: "UDP" },
    ],
    env: [
      { name: "RESOURCE_DB_HOST", valueFrom: { secretKeyRef: { name: "orders-db", key: "host" } } },
      { name: "RESOURCE_DB_NAME", valueFrom: { secretKeyRef: { name: "orders-db", key: "name" } } },
      { name: "PRICE", value: "$5" },
      { name: "TIER", value: "gold" },
      { name: "DB_PASSWORD", valueFrom: { secretKeyRef: { name: "orders-db", key: "password" } } },
      { name: "DB_URL", value: "postgres://$(RESOURCE_DB_HOST):5432/$(RESOURCE_DB_NAME)" },
    ],
    resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { memory: "128Mi" } },
    livenessProbe: { httpGet: { path: "/healthz", port: 8080 } },
  });
  expect(main.volumeMounts).toContainEqual({ name: "disk", mountPath: "/data", subPath: "sub", readOnly: true });
  expect(side.ports).toBeUndefined();
  expect(deployment.spec.template.spec.volumes).toContainEqual({ name: "disk", persistentVolumeClaim: { claimName: "orders-disk" } });
  expect(parse(await read("k8s/configmap.yaml")).data).toEqual({ "file-0": "tier = gold\n", "file-1": "${not.expanded}" });
  expect(parse(await read("k8s/service.yaml")).spec.ports[0]).toEqual({ name: "http", port: 80, protocol: "TCP", targetPort: 8080 });
  const compose = parse(await read("compose.yaml"));
  expect(compose.services["orders-main"]).toMatchObject({
    entrypoint: ["node"],
    ports: ["80:8080", "9000:9000/udp"],
    volumes: ["disk:/data:ro"],
  });
  expect(compose.services["orders-main"].environment.DB_PASSWORD).toBe("${RESOURCE_DB_PASSWORD:?output password of the resource db}");
  expect(compose.services["orders-side"].network_mode).toBe("service:orders-main");
  const made = parseAllDocuments(await read("catalog-info.yaml")).map((document) => document.toJS());
  expect(made.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
    "Component orders",
    "Resource orders-db",
    "Resource orders-disk",
    "Resource shared-dns",
  ]);
  expect(made[0].spec.dependsOn).toContain("resource:default/shared-dns");
  expect(output["resources"]).toContainEqual({ name: "db", type: "postgres", class: "small", params: { extensions: ["pgvector"] } });
});

test("what is there already stays, and an image that is to be built must be named", async () => {
  const { read, lines } = await render({ targets: ["catalog"] });
  expect(await read("catalog-info.yaml")).toBe("kept\n");
  expect(lines[0]).toBe("warn: catalog-info.yaml is there already and stays.");
  await expect(render({ image: undefined })).rejects.toThrow('A container has the image "."');
});

test.each([
  [
    "a field that the specification does not have",
    SCORE.replace("  side:\n", "  side:\n    imgae: x\n"),
    /score\.yaml:28:5 containers\.side/,
  ],
  [
    "a placeholder that leads nowhere",
    SCORE.replace("${resources.db.password}", "${resources.dp.password}"),
    /score\.yaml:18:20 .*names a resource that is not in resources/,
  ],
  ["another version", SCORE.replace("v1b1", "v2"), /must be score\.dev\/v1b1/],
  ["a port that is none", SCORE.replace("port: 80,", "port: 80000,"), /score\.yaml:8:19 service\.ports\.http\.port/],
  ["no YAML", "a: [", /score\.yaml:1:5/],
])("%s is told with its place", (_what, text, words) => expect(() => parseWorkload(text)).toThrow(words));

test("placeholders and the dollar that stands for itself", () => {
  expect(expand("a $$ b ${x.y} $${z} $", (name) => `<${name}>`)).toBe("a $ b <x.y> ${z} $");
});
