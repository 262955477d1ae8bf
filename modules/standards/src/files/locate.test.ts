import { describe, expect, test } from "vitest";

import { locate } from "./locate.ts";

const object = {
  metadata: { name: "a" },
  spec: { replicas: 1, template: { spec: { containers: [{ name: "main" }, { name: "side-car" }] } } },
};
const definitions = new Map([
  ["pod", "object.kind == 'Pod' ? object.spec : object.spec.template.spec"],
  ["containers", "variables.pod.?initContainers.orValue([]) + variables.pod.?containers.orValue([])"],
  ["loose", "variables.containers.filter(c, !has(c.image))"],
  ["circle", "variables.circle.a"],
]);

describe("locate", () => {
  test.each([
    ["object.spec.replicas > 1", "too few", ["spec", "replicas"]],
    ["has(object.spec.template.metadata.labels)", "no labels", ["spec", "template"]],
    ["object.?metadata.?labels.hasValue()", "no labels", ["metadata"]],
    ["variables.loose.size() == 0", "These containers are loose: side-car (no image).", ["spec", "template", "spec", "containers", 1]],
    ["variables.loose.size() == 0", "Some containers are loose.", ["spec", "template", "spec", "containers"]],
    ["variables.pod.hostNetwork == false", "host network", ["spec", "template", "spec"]],
    ["variables.unknown.x == 1", "x", []],
    ["variables.circle", "x", []],
    ["true", "x", []],
  ])("%s", (expression, message, way) => {
    expect(locate({ expression, definitions, message, object })).toEqual(way);
  });
});
