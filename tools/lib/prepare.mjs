/** The steps before the product itself can run, each shown with its time. Plain JavaScript for Node 18. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { buildWeb, installPackages, packagesReady, webReady } from "./install.mjs";
import { ensureNode24, findNode24, refuseMachine, usableNode24 } from "./node24.mjs";
import { takeTurns } from "./turns.mjs";

/**
 * Makes the clone runnable and answers the Node 24 binary. Two starts at once take turns.
 * `dev`: with the packages that only tests need. `say`: where progress goes.
 */
export async function prepare(root, { dev, say }) {
  refuseMachine();
  // Nothing to do needs no right to write here, and no turn.
  const found = usableNode24(root);
  if (found && packagesReady(root, { dev }) && webReady(root)) return found;
  mkdirSync(join(root, ".roadbed"), { recursive: true, mode: 0o700 });
  const waiting = (pid) => say(`  … another start (process ${pid}) is preparing this folder; waiting for it`);
  return takeTurns(join(root, ".roadbed", "prepare.lock"), { waiting }, async (noteChildren) => {
    const onStart = (pid) => noteChildren([pid]);
    const node = await step(say, "Node 24", findNode24(root) !== undefined, () => ensureNode24(root, onStart));
    await step(say, "Packages", packagesReady(root, { dev }), () => installPackages(root, node, { dev, onStart }));
    await step(say, "Web app", webReady(root), () => buildWeb(root, node, { onStart }));
    return node;
  });
}

/** Silent when it is ready: then the work, if any is left, is only to look. */
async function step(say, name, ready, work) {
  if (ready && name !== "Node 24") return undefined;
  const began = Date.now();
  if (!ready) say(`  … ${name}`);
  const result = await work();
  if (!ready) say(`  ✓ ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  return result;
}
