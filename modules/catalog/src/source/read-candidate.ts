import { hash } from "node:crypto";

import type { Entity } from "@roadbed/contracts/catalog";

import type { Candidate } from "./snapshot.ts";
import type { TextStore } from "./text-store.ts";

/**
 * A candidate as files give it, of which there may be a million: its document is kept packed and read when it is asked for, so that a
 * large source does not stand in memory twice; those of a small one (`keep`) are not parsed again. A class, because closures of so many would be as large as the documents.
 */
export class ReadCandidate implements Candidate {
  readonly ref: string;
  readonly hash: string;
  readonly file: string;
  readonly location: string;
  readonly line: number | null;
  docsRoot: string | null = null;
  /** What the document says of where its documentation is. */
  readonly techdocs: string | undefined;
  /** It has a file of its own. */
  alone = false;
  readonly #entity: Entity | undefined;
  readonly #texts: TextStore;
  readonly #place: number;

  constructor(
    texts: TextStore,
    { ref, entity, file, location, line }: Pick<Candidate, "ref" | "entity" | "file" | "location" | "line">,
    { keep }: { readonly keep: boolean },
  ) {
    const json = JSON.stringify(entity);
    this.ref = ref;
    this.hash = hash("sha256", json, "base64url");
    this.file = file;
    this.location = location;
    this.line = line;
    this.techdocs = entity.metadata.annotations?.["backstage.io/techdocs-ref"];
    this.#entity = keep ? entity : undefined;
    this.#texts = texts;
    this.#place = texts.put(json);
  }

  get json(): string {
    return this.#texts.get(this.#place);
  }

  get entity(): Entity {
    return this.#entity ?? (JSON.parse(this.json) as Entity);
  }
}
