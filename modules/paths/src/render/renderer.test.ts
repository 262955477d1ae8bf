import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";

import { InvalidError } from "@roadbed/core";
import { eventually } from "@roadbed/testkit";
import { afterAll, expect, test } from "vitest";

import { createRenderer } from "./renderer.ts";

const renderer = createRenderer({ deadlineMs: 1_500, memoryMb: 64 });
afterAll(() => renderer.close());

test("a template that loops without end is stopped, and the next one is rendered", async () => {
  const endless = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}";
  const failure = await renderer.renderText("skeleton/loop.txt", endless, {}).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(InvalidError);
  expect(String(failure)).toMatch(/skeleton\/loop\.txt took longer than 1\.5 s and was stopped/);
  expect(await renderer.renderText("a", "${{ values.x }}", { values: { x: 1 } })).toBe("1");
});

test("a template that eats memory is stopped", async () => {
  await expect(renderer.renderText("big", "${{ range(999999999) | length }}", {})).rejects.toThrow(/was stopped/);
  // At once as much as no limit foresaw: a thread's would have taken the server with it.
  await expect(renderer.renderText("split", "${{ 'x'.repeat(500000000).split('') | length }}", {})).rejects.toThrow(/was stopped/);
  await expect(renderer.renderText("long", "${{ 'x'.repeat(2000000000) }}", {})).rejects.toThrow(/Invalid string length|was stopped/);
  expect(await renderer.renderText("a", "${{ 1 }}", {})).toBe("1");
});

test.skipIf(process.platform !== "linux")("a server that is killed leaves no template running", async () => {
  const server = `
    const { createRenderer } = await import(${JSON.stringify(new URL("renderer.ts", import.meta.url).href)});
    const endless = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}";
    void createRenderer({ deadlineMs: 60_000 }).renderText("loop", endless, {});
    setTimeout(() => process.kill(process.pid, "SIGKILL"), 1_500);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", server], { stdio: "ignore" });
  const ended = once(child, "exit");
  const childrenOf = (pid: number): Promise<string> => readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  const renderer = await eventually(async () => Number((await childrenOf(child.pid!)).trim().split(" ")[0]) || false);
  await ended;
  await eventually(() => !isAlive(renderer as number));
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("many at once are each answered with their own", async () => {
  const texts = await Promise.all(Array.from({ length: 50 }, (_, n) => renderer.renderText("t", "${{ values.n }}", { values: { n } })));
  expect(texts).toEqual(Array.from({ length: 50 }, (_, n) => String(n)));
});

test("an error names the file and the line", async () => {
  await expect(renderer.renderText("src/app.js", "one\ntwo ${{ nosuch( }}\n", {})).rejects.toThrow(/^src\/app\.js, line 2: /);
  await expect(renderer.renderText("src/app.js", "one\ntwo ${{ nosuch() }}\n", {})).rejects.toThrow(
    /^src\/app\.js, line 2: `nosuch` is not defined$/,
  );
});

test("a pattern of a form that takes for ever is stopped", async () => {
  const page = { title: "P", schema: { type: "object", properties: { a: { type: "string", pattern: "^(a+)+$" } } } };
  await expect(renderer.validate([page], { a: `${"a".repeat(40)}!` })).rejects.toThrow(/The form took longer/);
});

test("the worker cannot see the server's environment", async () => {
  expect(await renderer.renderText("e", "${{ process.env.PATH }}.", {})).toBe(".");
});

test("many texts by one question: each is rendered by itself, an error names its own, and so does one without end", async () => {
  const context = { values: { list: ["a"], name: "orders" } };
  const pushes = "{% set _ = values.list.push('b') %}${{ values.list | join('') }}";
  const texts = [pushes, "plain { text }", pushes, "${{ values.name | upper }}"].map((text, n) => ({ name: `f${n}`, text }));
  expect(await renderer.renderTexts(texts, context)).toEqual(["ab", "plain { text }", "ab", "ORDERS"]);
  expect(await renderer.renderTexts([], context)).toEqual([]);
  const large = Array.from({ length: 5 }, (_, n) => ({ name: `l${n}`, text: `\${{ ${n} }}${"x".repeat(400_000)}` }));
  expect((await renderer.renderTexts(large, {})).map((text) => text.slice(0, 2))).toEqual(["0x", "1x", "2x", "3x", "4x"]);
  await expect(renderer.renderTexts([...texts, { name: "bad.md", text: "one\n${{ nosuch() }}" }], context)).rejects.toThrow(
    /^bad\.md, line 2: `nosuch` is not defined$/,
  );
  const endless = { name: "loop.txt", text: "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}" };
  await expect(renderer.renderTexts([...texts, endless], context)).rejects.toThrow(/^loop\.txt took longer than 1\.5 s/);
});
