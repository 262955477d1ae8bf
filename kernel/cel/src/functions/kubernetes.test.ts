import { describe, expect, test } from "vitest";

import { createEnvironment } from "../environment.ts";
import { toJson } from "../values.ts";

/** Values as Kubernetes 1.33's own libraries document them. */
const environment = createEnvironment({ o: "dyn" });
const o = { list: [3n, 1n, 2n], labels: { a: "x", b: "y" }, text: "10.0.0.7", items: [{ n: 2n }, { n: 1n }] };
const run = (expression: string): unknown => toJson(environment.evaluate(expression, { o }));

describe("ip and cidr", () => {
  test.each([
    ["ip('192.168.0.1').family()", 4],
    ["ip('::1').family()", 6],
    ["ip(o.text) == ip('10.0.0.7')", true],
    ["isIP('192.168.0.1.0') || isIP('::ffff:1.2.3.4') || isIP('fe80::1%eth0') || isIP('010.0.0.1')", false],
    ["ip.isCanonical('2001:db8::abcd') && !ip.isCanonical('2001:DB8::ABCD')", true],
    ["string(ip('2001:db8:0:0:0:0:0:1'))", "2001:db8::1"],
    ["ip('127.0.0.1').isLoopback() && ip('::1').isLoopback() && !ip('10.0.0.1').isLoopback()", true],
    ["ip('0.0.0.0').isUnspecified() && ip('::').isUnspecified()", true],
    ["ip('224.0.0.1').isLinkLocalMulticast() && ip('ff02::1').isLinkLocalMulticast()", true],
    ["ip('169.254.169.254').isLinkLocalUnicast() && ip('fe80::1').isLinkLocalUnicast()", true],
    ["ip('10.0.0.1').isGlobalUnicast() && !ip('255.255.255.255').isGlobalUnicast() && !ip('ff00::1').isGlobalUnicast()", true],
    ["cidr('10.0.0.0/8').containsIP('10.1.2.3') && !cidr('10.0.0.0/8').containsIP(ip('11.0.0.1'))", true],
    ["cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && !cidr('10.0.0.0/8').containsCIDR(cidr('0.0.0.0/0'))", true],
    ["string(cidr('192.168.7.9/24').masked())", "192.168.7.0/24"],
    ["cidr('::1/128').prefixLength()", 128],
    ["string(cidr('192.168.7.9/24').ip())", "192.168.7.9"],
    ["isCIDR('10.0.0.0/8') && !isCIDR('10.0.0.0/33') && !isCIDR('10.0.0.0') && !isCIDR('::/129')", true],
  ])("%s gives %s", (expression, expected) => expect(run(expression)).toBe(expected));

  test.each(["ip('x')", "cidr('10.0.0.0')"])("%s fails", (expression) => {
    expect(() => run(expression)).toThrow();
  });
});

describe("semver", () => {
  test.each([
    ["semver('1.2.3').major() + semver('1.2.3').minor() + semver('1.2.3').patch()", 6],
    ["semver('1.2.3').isLessThan(semver('1.10.0'))", true],
    ["semver('1.0.0-alpha.1').isLessThan(semver('1.0.0-alpha.beta'))", true],
    ["semver('1.0.0-rc.1').isLessThan(semver('1.0.0'))", true],
    ["semver('1.0.0+a') == semver('1.0.0+b')", true],
    ["semver('2.0.0').compareTo(semver('1.9.9'))", 1],
    ["isSemver('1.0') || isSemver('v1.0.0') || isSemver('01.0.0') || isSemver('1.0.0-01')", false],
    ["isSemver('v1.0', true) && semver('v01.2', true) == semver('1.2.0')", true],
  ])("%s gives %s", (expression, expected) => expect(run(expression)).toBe(expected));
});

describe("format", () => {
  test.each([
    ["format.dns1123Label().validate('shop').hasValue()", false],
    ["format.dns1123Label().validate('Shop').value().size()", 1],
    ["format.named('none').hasValue()", false],
    ["format.named('uuid').value().validate('6ba7b810-9dad-11d1-80b4-00c04fd430c8').hasValue()", false],
    ["format.named('date').value().validate('2024-02-30').hasValue()", true],
    ["format.datetime().validate('2024-01-31T12:00:00Z').hasValue()", false],
    ["format.labelValue().validate('').hasValue()", false],
    ["format.qualifiedName().validate('example.com/app').hasValue()", false],
    ["format.qualifiedName().validate('a/b/c').hasValue()", true],
    ["format.uri().validate('https://example.com').hasValue() || format.byte().validate('YQ==').hasValue()", false],
  ])("%s gives %s", (expression, expected) => expect(run(expression)).toBe(expected));
});

describe("lists, optionals and two variables", () => {
  test.each<[string, unknown]>([
    ["[1, [2, [3]]].flatten()", [1, 2, [3]]],
    ["[1, [2, [3]]].flatten(2)", [1, 2, 3]],
    ["[1, 2, 1, 1.0, 'a', 'a'].distinct()", [1, 2, "a"]],
    ["o.list.sort() + o.list.reverse()", [1, 2, 3, 2, 1, 3]],
    ["o.list.slice(1, 3)", [1, 2]],
    ["lists.range(3)", [0, 1, 2]],
    ["o.items.sortBy(i, i.n).map(i, i.n)", [1, 2]],
    ["o.list.first().value() + o.list.last().orValue(0)", 5],
    ["[].first().hasValue()", false],
    ["[optional.of(1), optional.none()].unwrapOpt()", [1]],
    ["optional.ofNonZeroValue('').hasValue() || !optional.ofNonZeroValue(1).hasValue()", false],
    ["o.list.all(i, v, v > i - 3)", true],
    ["o.labels.exists(k, v, k == 'b' && v == 'y')", true],
    ["o.labels.existsOne(k, v, v != '')", false],
    ["o.list.transformList(i, v, i * v)", [0, 1, 4]],
    ["o.list.transformList(i, v, i > 0, v)", [1, 2]],
    ["o.labels.transformMap(k, v, k + v)", { a: "ax", b: "by" }],
    ["o.labels.transformMapEntry(k, v, {v: k})", { x: "a", y: "b" }],
    ["o.list.all(i, v, o.labels.all(k, w, k != w && v > i - 3))", true],
    ["dyn(1) == 1.0 && 1 < 1.5 && 2u > 1.5 && 1 <= 1u", true],
  ])("%s", (expression, expected) => expect(run(expression)).toEqual(expected));

  test.each([
    "o.list.slice(2, 1)",
    "['a', 1].sort()",
    "o.labels.transformMapEntry(k, v, {'same': k})",
    "o.list.all(i, v, v)",
    "o.list.all(1, v, true)",
    "lists.range(100000000)",
  ])("%s fails", (expression) => {
    expect(() => run(expression)).toThrow();
  });

  test("an error of one turn counts only where no other decides", () => {
    expect(run("o.items.exists(i, v, i == 0 ? v.none == 1 : v.n == 1)")).toBe(true);
    expect(() => run("o.items.all(i, v, i == 0 ? v.none == 1 : true)")).toThrow("No such key: none");
  });
});
