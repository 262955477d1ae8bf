import fc from "fast-check";
import { expect, test } from "vitest";

import { addReports, readJunit } from "./read-junit.ts";

test("cases are counted, whatever the suites claim, and what failed says why", () => {
  const report = readJunit(`<?xml version="1.0"?>
    <testsuites tests="99">
      <testsuite name="orders" failures="7">
        <testcase name="adds" time="0.5"/>
        <testcase classname="orders.take" name="takes" time="1"><failure message="expected 1 &lt; 0">at line 3</failure></testcase>
        <testsuite name="inner"><testcase name="boom"><error>it broke</error></testcase><testcase name="later"><skipped/></testcase></testsuite>
      </testsuite>
    </testsuites>`);
  expect(report).toEqual({
    total: 4,
    failed: 2,
    skipped: 1,
    seconds: 1.5,
    failures: [
      { name: "takes", suite: "orders.take", message: "expected 1 < 0" },
      { name: "boom", suite: "inner", message: "it broke" },
    ],
  });
  expect(readJunit("<testsuite><testcase name='x'/></testsuite>")?.total).toBe(1);
});

test("what is no report counts nothing, and entities are not followed", () => {
  expect(readJunit("not xml")).toBeUndefined();
  expect(readJunit("<html/>")).toBeUndefined();
  expect(readJunit('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&a;"/></testsuite>')).toBeUndefined();
});

test("no text makes it throw, and counts add up", () => {
  const outcome = fc.constantFrom("", "<failure/>", "<error message='m'/>", "<skipped/>");
  fc.assert(
    fc.property(fc.array(outcome, { maxLength: 20 }), (cases) => {
      const read = readJunit(`<testsuite>${cases.map((inside) => `<testcase name="n">${inside}</testcase>`).join("")}</testsuite>`)!;
      expect(read.total).toBe(cases.length);
      expect(read.failed).toBe(cases.filter((one) => /failure|error/.test(one)).length);
      expect(read.skipped).toBe(cases.filter((one) => one.includes("skipped")).length);
      expect(addReports([read, read])?.total).toBe(2 * cases.length);
    }),
  );
  fc.assert(
    fc.property(fc.string(), (text) => void readJunit(text)),
    { numRuns: 30 },
  );
  fc.assert(
    fc.property(fc.string(), (text) => void readJunit(`<testsuite><testcase name="${text}"/>`)),
    { numRuns: 30 },
  );
});
