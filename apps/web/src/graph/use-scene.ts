import { useEffect, useMemo, useState } from "react";

import { buildScene, type Graph, type GroupBy, type Scene } from "./group.ts";
import type { SceneAnswer, SceneQuestion } from "./layout.worker.ts";

/** Up to here the layout takes a few milliseconds and is done at once; beyond, in a worker. */
const INLINE_NODES = 120;

/** The scene for a graph. While a larger one is laid out, the one before stays. */
export function useScene(graph: Pick<Graph, "nodes" | "edges"> | undefined, by: GroupBy, open: readonly string[]): Scene | undefined {
  const key = open.join("\n");
  const inline = useMemo(
    () => (graph !== undefined && graph.nodes.length <= INLINE_NODES ? buildScene(graph, by, new Set(key.split("\n"))) : undefined),
    [graph, by, key],
  );
  const [far, setFar] = useState<Scene | undefined>();
  useEffect(() => {
    if (graph === undefined || graph.nodes.length <= INLINE_NODES) return;
    return ask({ graph, by, open: key.split("\n") }, setFar);
  }, [graph, by, key]);
  return inline ?? far;
}

let worker: Worker | undefined;
let questions = 0;

function ask(question: Omit<SceneQuestion, "id">, answer: (scene: Scene) => void): () => void {
  worker ??= new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module" });
  const asked = worker;
  const id = ++questions;
  const listen = ({ data }: MessageEvent<SceneAnswer>): void => {
    if (data.id === id) answer(data.scene);
  };
  asked.addEventListener("message", listen);
  asked.postMessage({ ...question, id } satisfies SceneQuestion);
  return () => asked.removeEventListener("message", listen);
}
