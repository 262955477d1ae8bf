import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { createEnvironment } from "../environment.ts";
import { toJson } from "../values.ts";
import { parseQuantity } from "./quantity.ts";

const environment = createEnvironment({ o: "dyn" });
const run = (expression: string, o: unknown = {}): unknown => toJson(environment.evaluate(expression, { o }));

describe("quantity", () => {
  test.each([
    ["quantity('500m') == quantity('0.5')", true],
    ["quantity('1Ki').asInteger()", 1024],
    ["quantity('1.5Gi').isGreaterThan(quantity('1500M'))", true],
    ["quantity('100m').add(quantity('900m')).asInteger()", 1],
    ["quantity('3').sub(5).sign()", -1],
    ["quantity('1e3').compareTo(quantity('1k'))", 0],
    ["quantity('250m').asApproximateFloat()", 0.25],
    ["quantity('1500m').isInteger()", false],
    ["isQuantity('12Mi') && !isQuantity('12MB') && !isQuantity('') && !isQuantity('.')", true],
  ])("%s gives %s", (expression, expected) => expect(run(expression)).toBe(expected));

  test.each(["quantity('a lot')", "quantity('1500m').asInteger()", "quantity('9999999999999999999').asInteger()"])(
    "%s fails",
    (expression) => {
      expect(() => run(expression)).toThrow();
    },
  );

  test("order of quantities is order of their values", () => {
    const suffix = fc.constantFrom<[string, number]>(["m", 1e-3], ["", 1], ["k", 1e3], ["Ki", 1024], ["M", 1e6], ["Mi", 1024 ** 2]);
    fc.assert(
      fc.property(fc.nat(100_000), suffix, fc.nat(100_000), suffix, (a, [as, af], b, [bs, bf]) => {
        const [left, right] = [parseQuantity(`${a}${as}`), parseQuantity(`${b}${bs}`)];
        expect((left?.nanos ?? 0n) < (right?.nanos ?? 0n)).toBe(Math.round(a * af * 1000) < Math.round(b * bf * 1000));
      }),
    );
  });
});

describe("strings, lists, sets, URLs, optionals", () => {
  test.each([
    ["'a-b-c'.replace('-', '.')", "a.b.c"],
    ["'a-b-c'.replace('-', '$&', 1)", "a$&b-c"],
    ["'abc'.charAt(1) + 'abc'.reverse()", "bcba"],
    ["'%s has %d of %.1f%%'.format(['x', 3, 2.55])", "x has 3 of 2.5%"],
    ["'%s'.format([[1, 'a']])", "[1, a]"],
    ["'Abc-DEF'.lowerAscii().split('-').join('+')", "abc+def"],
    ["[1, 2, 3].sum() + [4, 2].max() + [4, 2].min()", 12],
    ["['b', 'a'].isSorted()", false],
    ["['a', 'b', 'a'].indexOf('a') + ['a', 'b', 'a'].lastIndexOf('a')", 2],
    ["o.list.map(i, i.size).sum()", 3],
    ["sets.contains(['a', 'b'], ['b']) && !sets.intersects([1], [2]) && sets.equivalent([1, 1], [1])", true],
    ["url('https://example.org:8443/a%20b?q=1').getHostname()", "example.org"],
    ["url('https://example.org:8443/a%20b?q=1').getPort()", "8443"],
    ["url('https://example.org/a%20b?q=1&q=2').getQuery()['q'].size()", 2],
    ["isURL('/path') && isURL('http://x') && !isURL('x y') && !isURL('nothing')", true],
    ["'a1b22'.findAll('[0-9]+')", ["1", "22"]],
    ["'a1b22'.findAll('[0-9]+', 1)", ["1"]],
    ["'a1b22'.find('[0-9]+')", "1"],
    ["o.?none.orValue('default')", "default"],
    ["o.?text.optMap(t, t + '!').orValue('default')", "here!"],
    ["o.?none.optFlatMap(t, t.?x).orValue('default')", "default"],
    ["has(o.text) && !has(o.none)", true],
    ["o.list.all(i, i.size > 0) && o.list.exists(i, i.size == 2) && o.list.exists_one(i, i.size == 1)", true],
    ["o.list.filter(i, i.size > 1).map(i, i.size)", [2]],
    ["duration('90s') > duration('1m')", true],
    ["timestamp('2024-01-01T00:00:00Z').getFullYear()", 2024],
  ])("%s", (expression, expected) => {
    expect(run(expression, { text: "here", list: [{ size: 1n }, { size: 2n }] })).toEqual(expected);
  });

  test.each(["[].max()", "['a', 1].max()", "['a'].sum()", "'a'.charAt(9)", "'%d'.format(['a'])", "'%s %s'.format(['a'])", "url('no url')"])(
    "%s fails",
    (expression) => {
      expect(() => run(expression)).toThrow();
    },
  );
});
