import { buildScene, type Picture, type Scene } from "./group.ts";

/** What the page asks; `id` ties the answer to the question. */
export interface SceneQuestion {
  readonly id: number;
  readonly picture: Picture;
}
export interface SceneAnswer {
  readonly id: number;
  readonly scene: Scene;
}

self.addEventListener("message", ({ data }: MessageEvent<SceneQuestion>) => {
  self.postMessage({ id: data.id, scene: buildScene(data.picture) } satisfies SceneAnswer);
});
