/** `npm test`: everything, in order, with one closing line per suite. `npm test -- NAME ...` runs only those named. */
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { environmentFor } from "./lib/node24.mjs";
import { prepare } from "./lib/prepare.mjs";
import { Interrupted, Refusal, tellFailure } from "./lib/refusal.mjs";
import { listenToSignals } from "./lib/run-child.mjs";
import { lookedAtSomething, SUITES } from "./lib/suites.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const KEPT_CHARACTERS = 1_000_000;

try {
  const wanted = process.argv.slice(2);
  const suites = SUITES.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  const unknown = wanted.filter((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown.length > 0)
    throw new Refusal(`There is no suite ${unknown.join(", ")}.`, `There are: ${SUITES.map(({ name }) => name).join(", ")}.`);
  const node = await prepare(root, { dev: true, say: (line) => process.stdout.write(`${line}\n`) });
  const results = [];
  for (const suite of suites) results.push(await runSuite(node, suite));
  process.stdout.write("\n");
  for (const { name, ok, seconds } of results) process.stdout.write(`${ok ? "✓" : "✗"} ${name} (${seconds.toFixed(1)} s)\n`);
  const failed = results.filter(({ ok }) => !ok).length;
  process.stdout.write(`${results.length - failed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
} catch (error) {
  process.exitCode = tellFailure(error);
}

/** Shows the output as it comes; a suite that hangs is ended, so that it does not hide the others. */
async function runSuite(node, { name, command: [program, ...args], shows, minutes }) {
  const began = Date.now();
  process.stdout.write(`\n── ${name}\n`);
  const { code, output, late } = await runShown(node, [join(root, program), ...args], minutes);
  const looked = lookedAtSomething(shows, output);
  if (late) process.stdout.write(`${name}: not done after ${minutes} minutes, ended\n`);
  else if (!looked) process.stdout.write(`${name}: no sign that it looked at anything\n`);
  return { name, ok: code === 0 && looked && !late, seconds: (Date.now() - began) / 1000 };
}

function runShown(node, args, minutes) {
  return new Promise((resolve, reject) => {
    // A group of its own, so that a suite can be ended with all that it started.
    const child = spawn(node, args, {
      cwd: root,
      env: { ...environmentFor(node), NO_COLOR: "1", FORCE_COLOR: "0" },
      stdio: ["ignore", "pipe", "pipe"],
      detached: process.platform !== "win32",
    });
    let output = "";
    let late = false;
    let asked;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text) => {
        process.stdout.write(text);
        output = (output + text).slice(-KEPT_CHARACTERS);
      });
    }
    const end = (signal) => {
      try {
        if (process.platform === "win32") child.kill(signal);
        else process.kill(-(child.pid ?? 0), signal);
      } catch {
        // it ended meanwhile
      }
    };
    const timer = setTimeout(() => {
      late = true;
      end("SIGTERM");
      setTimeout(() => end("SIGKILL"), 10_000).unref();
    }, minutes * 60_000);
    const forget = listenToSignals((signal) => {
      asked = signal;
      end("SIGTERM");
    });
    child.once("error", reject);
    child.once("exit", (code) => {
      clearTimeout(timer);
      forget();
      if (asked) reject(new Interrupted(asked));
      // What a suite left running may hold the pipe open: a moment for the last lines, no more.
      else setTimeout(() => resolve({ code, output, late }), 50);
    });
  });
}
