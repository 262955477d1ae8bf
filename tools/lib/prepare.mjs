/** The steps before the product itself can run, each shown with its time. Plain JavaScript for Node 18. */
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

import { buildWeb, installPackages, packagesReady, webReady } from "./install.mjs";
import { ensureNode24, findNode24 } from "./node24.mjs";
import { Refusal } from "./npm.mjs";

/**
 * Makes the clone runnable and answers the Node 24 binary. Two starts at once take turns.
 * `dev`: with the packages that only tests need. `say`: where progress goes.
 */
export function prepare(root, { dev, say }) {
  if (findNode24(root) && packagesReady(root, { dev }) && webReady(root)) return ensureNode24(root);
  return alone(root, () => {
    const node = step(say, "Node 24", findNode24(root) !== undefined, () => ensureNode24(root)) ?? ensureNode24(root);
    step(say, "Packages", packagesReady(root, { dev }), () => installPackages(root, node, { dev }));
    step(say, "Web app", webReady(root), () => buildWeb(root, node));
    return node;
  });
}

/** Prints a `Refusal` for a person and any other error with its stack; answers the exit code. */
export function tellFailure(error) {
  if (error instanceof Refusal) process.stderr.write(`\n${error.message}\n→ ${error.mend}\n`);
  else process.stderr.write(`\n${error?.stack ?? error}\n`);
  return 1;
}

function step(say, name, ready, work) {
  if (ready) return undefined;
  const began = Date.now();
  say(`  … ${name}`);
  const result = work();
  say(`  ✓ ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  return result;
}

function alone(root, work) {
  mkdirSync(join(root, ".roadbed"), { recursive: true });
  const file = join(root, ".roadbed", "prepare.lock");
  for (;;) {
    try {
      const handle = openSync(file, "wx");
      writeSync(handle, String(process.pid));
      closeSync(handle);
      break;
    } catch (error) {
      if (error.code === "ENOSPC") throw new Refusal("The disk is full.", "Free about 2.5 GB and run npm start again.");
      if (error.code !== "EEXIST") throw error;
      if (!isAlive(Number(readFileSync(file, "utf8")))) rmSync(file, { force: true });
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    }
  }
  try {
    return work();
  } finally {
    rmSync(file, { force: true });
  }
}

function isAlive(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
