import { buildScene, type Graph, type GroupBy, type Scene } from "./group.ts";

/** What the page asks; `id` ties the answer to the question. */
export interface SceneQuestion {
  readonly id: number;
  readonly graph: Pick<Graph, "nodes" | "edges">;
  readonly by: GroupBy;
  readonly open: readonly string[];
}
export interface SceneAnswer {
  readonly id: number;
  readonly scene: Scene;
}

self.addEventListener("message", ({ data }: MessageEvent<SceneQuestion>) => {
  self.postMessage({ id: data.id, scene: buildScene(data.graph, data.by, new Set(data.open)) } satisfies SceneAnswer);
});
