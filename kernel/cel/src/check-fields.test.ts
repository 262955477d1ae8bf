import { describe, expect, test } from "vitest";

import { checkExpression } from "./check.ts";

const types = {
  Deployment: { metadata: "Meta", spec: "DeploymentSpec", kind: "string" },
  Pod: { metadata: "Meta", spec: "PodSpec", kind: "string" },
  Meta: { name: "string", labels: "map<string, string>" },
  DeploymentSpec: { replicas: "int", template: "Template" },
  Template: { spec: "PodSpec" },
  PodSpec: { containers: "list<Container>", volumes: "list<dyn>" },
  Container: { name: "string", image: "string", ports: "list<Port>", limits: "map<string, dyn>" },
  Port: { containerPort: "int" },
};
const check = (expression: string, type: string | string[] = "Deployment", shapes: Record<string, string[]> = {}) =>
  checkExpression(expression, { object: { type, types }, params: "dyn", variables: { fields: Object.keys(shapes), shapes } });

describe("a field that the kind does not have is an error at its place", () => {
  test.each<[string, string, number]>([
    ["object.metdata.name == 'x'", "No such key: metdata; did you mean metadata?", 8],
    ["object.spec.replicaz > 1", "No such key: replicaz; did you mean replicas?", 13],
    ["object.?spec.?templat.hasValue()", "No such key: templat; did you mean template?", 15],
    ["has(object.spec.replicaz) && object.spec.replicas > 1", "No such key: replicaz", 17],
    ["object.spec.template.spec.containers.all(c, c.imagee != '')", "No such key: imagee; did you mean image?", 47],
    ["object.spec.template.spec.containers.exists(c, c.ports.all(p, p.hostPort == 1))", "No such key: hostPort", 65],
    ["object.spec.template.spec.containers[0].nam == 'x'", "No such key: nam; did you mean name?", 41],
    ["object.spec.template.spec.containers.filter(c, true).map(c, c.ports).all(ps, ps.all(p, p.port == 1))", "No such key: port", 90],
    ["object.spec.template.spec.?containers.orValue([]).all(c, c.imag == '')", "No such key: imag", 60],
    ["(object.kind == 'X' ? object.spec.template : object.spec.template).none == 1", "No such key: none", 68],
    ["object.spec.template.spec.containers.all(i, c, c.nome == '')", "No such key: nome", 50],
    ["object.?spec.optMap(s, s.replicaz).orValue(1) == 1", "No such key: replicaz", 26],
    ["object.metadata.name.size == 3", "No such key: size", 22],
    ["object['spcc'] == null", "No such key: spcc", 1],
  ])("%s", (expression, reason, column) => {
    const checked = check(expression);
    expect(checked).toMatchObject({ ok: false, fault: { code: "no_such_field", line: 1, reason: expect.stringContaining(reason) } });
    expect(checked.ok ? 0 : checked.fault.column).toBe(column);
  });

  test("of several kinds, only where none has it", () => {
    const pod = "(object.kind == 'Pod' ? object.spec : object.spec.template.spec)";
    expect(check(`${pod}.containers.all(c, c.image != '')`, ["Deployment", "Pod"])).toMatchObject({ ok: true });
    expect(check(`${pod}.container.size() == 1`, ["Deployment", "Pod"])).toMatchObject({
      ok: false,
      fault: { reason: "No such key: container; did you mean containers?" },
    });
  });

  test("also behind a definition", () => {
    const first = check("object.spec.template.spec.containers");
    expect(first).toMatchObject({ ok: true, shape: ["list<Container>"] });
    expect(check("variables.containers.all(c, c.imagee == '')", "Deployment", { containers: ["list<Container>"] })).toMatchObject({
      ok: false,
      fault: { code: "no_such_field" },
    });
  });
});

test.each([
  "object.metadata.labels['any'] == 'x' && object.metadata.labels.any == 'x' && 'a' in object.metadata.labels",
  "object.metadata.?labels[?'a'].orValue('') == ''",
  "object.spec.template.spec.containers[0].limits.memory == '1Gi'",
  "object.spec.template.spec.volumes.all(v, !has(v.hostPath))",
  "params.whatever.there == 1",
  "object.spec.template.spec.containers.all(c, c.image.split('/')[0] == 'a' && c.image.size() > 1)",
  "(object.spec.template.spec.containers + object.spec.template.spec.containers).all(c, c.image != '')",
  "object.spec.template.spec.containers.map(c, c.name).join(', ') == ''",
  "object.metadata.labels.all(k, k.startsWith('a')) && object.metadata.labels.all(k, v, v.startsWith('a'))",
  "dyn(object).anything == 1",
])("%s is right", (expression) => expect(check(expression)).toMatchObject({ ok: true }));
