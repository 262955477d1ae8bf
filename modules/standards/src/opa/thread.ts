/** The thread in which compiled policies run: one question at a time. Whoever asks ends it when it does not answer. */
import { parentPort, workerData } from "node:worker_threads";

import { loadPolicy } from "@open-policy-agent/opa-wasm";

import type { OpaQuestion, OpaReply } from "./engine.ts";

const { memoryMb } = workerData as { memoryMb: number };
const PAGES_PER_MB = 16;
const loaded = new Map<number, Awaited<ReturnType<typeof loadPolicy>>>();

parentPort?.on("message", (question: OpaQuestion) => void answer(question).then((reply) => parentPort?.postMessage(reply)));
parentPort?.postMessage("ready");

async function answer({ id, module, entrypoint, input }: OpaQuestion): Promise<OpaReply> {
  try {
    let policy = loaded.get(id);
    if (policy === undefined) {
      if (module === undefined) return { fault: "it is not known here" };
      policy = await loadPolicy(Uint8Array.from(module.wasm), { initial: 5, maximum: memoryMb * PAGES_PER_MB });
      policy.setData(module.data);
      loaded.set(id, policy);
    }
    return { result: policy.evaluate(input, entrypoint) as unknown as readonly unknown[] };
  } catch (error) {
    // A module that trapped may have left its memory half written: the next question begins anew.
    loaded.delete(id);
    return { fault: typeof error === "string" ? error : error instanceof Error ? error.message : JSON.stringify(error), gone: true };
  }
}
