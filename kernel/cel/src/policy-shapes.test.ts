import { afterAll, describe, expect, test } from "vitest";

import { createCel } from "./cel.ts";

/**
 * The shapes in which public policies for Kubernetes are written, each with the value that the language's
 * definition gives for this Deployment.
 */
const cel = createCel({ deadlineMs: 10_000 });
afterAll(() => cel.close());

const object = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "shop", namespace: "store", labels: { app: "shop", "app.kubernetes.io/name": "shop" }, annotations: {} },
  spec: {
    replicas: 3,
    template: {
      metadata: { labels: { app: "shop" } },
      spec: {
        containers: [
          {
            name: "web",
            image: "registry.example.com/web:1.0",
            ports: [{ containerPort: 8080 }, { containerPort: 9090, hostPort: 0 }],
            securityContext: {
              runAsUser: 1000,
              allowPrivilegeEscalation: false,
              capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] },
            },
            resources: { limits: { memory: "256Mi", cpu: 1 } },
          },
          { name: "agent", image: "docker.io/agent@sha256:abc", securityContext: { privileged: true } },
        ],
        volumes: [
          { name: "data", hostPath: { path: "/var/lib" } },
          { name: "tmp", emptyDir: {} },
        ],
        hostNetwork: true,
      },
    },
  },
};
const variables = {
  object,
  oldObject: null,
  request: { operation: "CREATE", userInfo: { groups: ["system:authenticated"] } },
  params: null,
};

describe("a policy expression", () => {
  test.each<[string, unknown]>([
    ["object.spec.replicas <= 5", true],
    ["object.spec.replicas % 2 == 1", true],
    ["object.spec.replicas >= 2.5", true],
    ["oldObject == null && params == null", true],
    ["request.operation in ['CREATE', 'UPDATE']", true],
    ["'system:masters' in request.userInfo.groups", false],
    ["has(object.metadata.labels) && 'app' in object.metadata.labels", true],
    ["object.metadata.labels['app.kubernetes.io/name'] == object.metadata.name", true],
    ["has(object.metadata.annotations) && object.metadata.annotations.all(key, key.startsWith('team/'))", true],
    ["object.metadata.labels.exists(k, k.contains('/') && object.metadata.labels[k] == 'shop')", true],
    ["!has(object.spec.template.spec.hostNetwork) || object.spec.template.spec.hostNetwork == false", false],
    ["has(object.spec.template.spec.hostPID) ? object.spec.template.spec.hostPID == false : true", true],
    ["object.spec.template.spec.containers.all(c, has(c.securityContext) && has(c.securityContext.runAsUser))", false],
    ["object.spec.template.spec.containers.all(c, !has(c.securityContext.privileged) || c.securityContext.privileged != true)", false],
    ["object.spec.template.spec.containers.exists(c, c.image.contains('@sha256:'))", true],
    ["object.spec.template.spec.containers.exists_one(c, c.name == 'web')", true],
    ["object.spec.template.spec.containers.filter(c, has(c.ports)).all(c, c.ports.all(p, !has(p.hostPort) || p.hostPort == 0))", true],
    ["object.spec.template.spec.containers.map(c, c.image).filter(i, i.startsWith('docker.io/')).size()", 1],
    ["size(object.spec.template.spec.containers) == 2", true],
    ["object.spec.template.spec.containers.all(c, ['registry.example.com/', 'docker.io/'].exists(r, c.image.startsWith(r)))", true],
    ["object.spec.template.spec.containers.all(c, c.image.split('/')[0] != 'ghcr.io')", true],
    [
      "object.spec.template.spec.containers[0].image.lastIndexOf(':') > object.spec.template.spec.containers[0].image.lastIndexOf('/')",
      true,
    ],
    ["object.spec.template.spec.containers[0].image.substring(object.spec.template.spec.containers[0].image.lastIndexOf(':') + 1)", "1.0"],
    ["object.spec.template.spec.volumes.all(v, !has(v.hostPath))", false],
    ["!object.spec.template.spec.volumes.exists(v, has(v.hostPath) && v.hostPath.path.matches('^/etc(/.*)?$'))", true],
    ["object.spec.template.spec.?initContainers.orValue([]).size() == 0", true],
    ["object.spec.template.spec.?securityContext.?runAsNonRoot.orValue(false)", false],
    ["object.spec.template.spec.containers.all(c, c.?securityContext.?capabilities.?drop.orValue([]).exists(d, d == 'ALL'))", false],
    ["object.metadata.?annotations[?'team'].hasValue()", false],
    ["optional.of(object.kind).orValue('none')", "Deployment"],
    ["(object.spec.template.spec.containers + object.spec.template.spec.volumes).map(x, x.name)", ["web", "agent", "data", "tmp"]],
    ["object.spec.template.spec.containers[0].securityContext.capabilities.add.all(c, c in ['NET_BIND_SERVICE'])", true],
    ["quantity(object.spec.template.spec.containers[0].resources.limits.memory).isLessThan(quantity('1Gi'))", true],
    ["string(object.spec.replicas) + ' of ' + object.metadata.name", "3 of shop"],
    ["'%s has %d'.format([object.metadata.name, object.spec.replicas])", "shop has 3"],
    ["object.spec.template.metadata.labels == {'app': 'shop'}", true],
    ["type(object.spec.replicas) == int && type(object.metadata) == map && type(object.metadata.name) == string", true],
    ["dyn(object.spec.template.spec.containers[0].resources.limits.cpu) == 1", true],
    ["object.spec.none.deeper == 1 || object.kind == 'Deployment'", true],
    ["object.kind != 'Deployment' && object.spec.none.deeper == 1", false],
    ["object.kind == 'CronJob' ? object.spec.jobTemplate.spec.x : object.spec.template.spec.hostNetwork", true],
    ["cel.bind(names, object.spec.template.spec.containers.map(c, c.name), names.join(', '))", "web, agent"],
    ["object.spec.template.spec.containers.map(c, has(c.ports), c.name)", ["web"]],
    ["duration('1h') > duration('59m') && timestamp('2024-01-01T00:00:00Z') < timestamp('2024-01-02T00:00:00Z')", true],
    ["r'\\d' == '\\\\d' && \"\"\"a\nb\"\"\".contains('\\n')", true],
  ])("%s", async (expression, expected) => {
    expect(await cel.evaluate(expression, variables)).toEqual(expected);
  });

  test.each([
    "object.spec.none.deeper == 1",
    "object.metadata.labels['none'] == ''",
    "object.spec.template.spec.containers[9].name == ''",
    "object.spec.replicas + 1.5 > 2.0",
    "object.spec.replicas + '1' == '31'",
    "object.metadata.name > 1",
    "1 / 0 == 1",
    "9223372036854775807 + 1 > 0",
    "object.spec.template.spec.containers.all(c, c.none == 1)",
  ])("%s is an error", async (expression) => {
    await expect(cel.evaluate(expression, variables)).rejects.toThrow();
  });
});
