import type { Discovery } from "@roadbed/contracts/catalog/proposals";
import type { OutputOf } from "@roadbed/core";
import type { acceptProposals } from "@roadbed/contracts/catalog/proposals";

import { formatCount } from "../../format/number.ts";
import { formatMoment } from "../../format/time.ts";

/** 0.874 is `87 %`. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** How sure is that, as one of three grades: for colour and for the word beside it. */
export function gradeOf(confidence: number): "sure" | "likely" | "unsure" {
  if (confidence >= 0.8) return "sure";
  return confidence >= 0.5 ? "likely" : "unsure";
}

/** How far a discovery is, or what came of it, in a sentence. */
export function sentenceOfDiscovery({ status, total, done, unchanged, proposals, current, error, waitsUntil }: Discovery): string {
  if (status === "queued" && waitsUntil !== undefined) {
    return `${done} of ${formatCount(total, "repository", "repositories")} read; the host allows more calls at ${formatMoment(new Date(waitsUntil))}, and it goes on by itself then.`;
  }
  if (status === "queued") return "Waiting for its turn.";
  if (status === "failed") return error ?? "It could not be read to the end.";
  if (status === "running") {
    if (total === 0) return "Looking for repositories.";
    if (done === total) return `All ${formatCount(total, "repository", "repositories")} are read; putting together what they say.`;
    return `${done} of ${formatCount(total, "repository", "repositories")} read${current === undefined ? "" : `, now ${current}`}.`;
  }
  if (total === 0) return "There is no repository in it. Name a folder that holds clones, or one clone.";
  const same = unchanged === 0 ? "" : ` (${unchanged} as before)`;
  const { added = 0, changed = 0, reopened = 0, withdrawn = 0 } = proposals ?? {};
  const news = [
    added > 0 && `${formatCount(added, "new proposal")}`,
    changed > 0 && `${changed} changed`,
    reopened > 0 && `${reopened} open again`,
    withdrawn > 0 && `${withdrawn} withdrawn`,
  ].filter(Boolean);
  return `${formatCount(done, "repository", "repositories")} read${same}: ${news.length === 0 ? "nothing new" : news.join(", ")}.`;
}

/** What an acceptance did, in a sentence. */
export function sentenceOfAcceptance({ accepted, failed, left }: OutputOf<typeof acceptProposals>): string {
  const done =
    accepted.length === 0 ? "Nothing was accepted" : `${formatCount(accepted.length, "entity", "entities")} in the catalogue now`;
  const not = failed.length === 0 ? "" : `; ${failed.length} could not be accepted`;
  return `${done}${not}${left > 0 ? `; ${left} more match` : ""}.`;
}

/** `owner:sha` and paths shortened from the left: the end tells which. */
export function shortRepository(key: string): string {
  const parts = key.split("/").filter(Boolean);
  return parts.length <= 2 ? key : parts.slice(-2).join("/");
}
