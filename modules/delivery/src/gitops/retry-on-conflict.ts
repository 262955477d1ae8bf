import { ConflictError } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";

const ATTEMPTS = 5;

/** Does it again where a branch moved meanwhile: whoever writes reads it anew and renders anew. */
export async function retryOnConflict<T>({ log }: Pick<DeliveryDeps, "log">, branch: string, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ConflictError) || attempt === ATTEMPTS) throw error;
      log.warn("a branch moved while it was written; it is rendered anew", { branch, attempt });
    }
  }
}
