import { useEffect, useMemo, useState } from "react";

import { buildScene, type Picture, type Scene } from "./group.ts";
import type { SceneAnswer, SceneQuestion } from "./layout.worker.ts";

/** Up to here the layout takes a few milliseconds and is done at once; beyond, in a worker. */
const INLINE_NODES = 120;

/** The scene for a picture. While a larger one is laid out, the one before stays. */
export function useScene(picture: Picture | undefined): Scene | undefined {
  const isSmall = picture !== undefined && picture.nodes.length + picture.groups.length <= INLINE_NODES;
  const inline = useMemo(() => (isSmall ? buildScene(picture) : undefined), [picture, isSmall]);
  const [far, setFar] = useState<Scene | undefined>();
  useEffect(() => {
    if (picture === undefined || isSmall) return;
    return ask({ picture }, setFar);
  }, [picture, isSmall]);
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
