import { DomainError } from "@roadbed/core";

import { renderScore } from "./render-score.ts";
import { parseWorkload } from "./workload.ts";

/** A Score workload as manifests for Kubernetes, with nothing beside it to be read; why not, where it cannot be. */
export function scoreManifests(text: string): { readonly manifests: string } | { readonly because: string } {
  try {
    const files = renderScore(parseWorkload(text), {
      owner: "group:default/unknown",
      lifecycle: "production",
      targets: ["kubernetes"],
      // What is built from here has no name yet: the policies see that it is not one by digest.
      image: "built-from-here",
      read: () => "",
    });
    return { manifests: files.map((file) => file.text).join("---\n") };
  } catch (error) {
    return { because: error instanceof DomainError ? error.message : "it cannot be read" };
  }
}
