import type { Claim } from "../entity/entity-store.ts";
import type { Candidate, Problem, Snapshot } from "./snapshot.ts";
import type { Counts, SourceRow } from "./source-store.ts";

/** What a source says now, against what is stored: all that writing it would do. */
export interface Diff {
  readonly registered: readonly Candidate[];
  readonly changed: readonly Candidate[];
  /** Same document, but another line, file or documentation. */
  readonly moved: readonly Candidate[];
  readonly removed: readonly string[];
  /** Kept as they were, because their descriptor cannot be read now. */
  readonly orphaned: readonly string[];
  readonly conflicts: readonly Problem[];
  /** What the source says of entities that another one defines. */
  readonly losing: readonly Candidate[];
  /** What the source discovered and another one defines: it adds to that. */
  readonly joining: readonly Candidate[];
  /** Named no more, and kept because somebody decided so. */
  readonly kept: readonly string[];
  /** All that stands with its last good state, because the source says it in a way that cannot be read. */
  readonly uncertain: readonly { readonly ref: string; readonly location: string }[];
  /** Candidates that are passed over, because a message said something newer of them. */
  readonly stale: readonly string[];
  /** Entities of the source before. */
  readonly owned: number;
}

/** What else bears on the comparison. */
export interface Standing {
  /** References whose removal was rejected. */
  readonly kept?: ReadonlySet<string>;
  /** References of which something newer than this snapshot is known. */
  readonly newer?: ReadonlySet<string>;
}

type Compared = Pick<Snapshot, "candidates" | "doubtful" | "doubtfulRefs" | "unchangedLocations" | "gone">;

/** Compares, and touches nothing. `stored`: every claim of the source, and every one on a name that the snapshot describes. */
export function compareSnapshot(
  source: Pick<SourceRow, "id" | "kind">,
  snapshot: Compared,
  stored: readonly Claim[],
  { kept = NONE, newer = NONE }: Standing = {},
): Diff {
  const claims = new Map(stored.map((claim) => [claim.ref, claim]));
  const registered: Candidate[] = [];
  const changed: Candidate[] = [];
  const moved: Candidate[] = [];
  const conflicts: Problem[] = [];
  const losing: Candidate[] = [];
  const joining: Candidate[] = [];
  const stale: string[] = [];
  const described = new Set<string>();
  for (const candidate of snapshot.candidates) {
    described.add(candidate.ref);
    const claim = claims.get(candidate.ref);
    if (newer.has(candidate.ref)) stale.push(candidate.ref);
    else if (!claim) registered.push(candidate);
    else if (claim.source_id !== source.id && candidate.otherwise) joining.push(candidate);
    else if (claim.source_id !== source.id && !yields(claim, source)) {
      conflicts.push(conflictOf(candidate, claim));
      losing.push(candidate);
    } else if (claim.hash !== candidate.hash || claim.source_id !== source.id) changed.push(candidate);
    else if (isMoved(candidate, claim)) moved.push(candidate);
  }
  const own = [...claims.values()].filter((claim) => claim.source_id === source.id);
  const missing = own.filter((claim) => !described.has(claim.ref) && !newer.has(claim.ref) && isAsked(claim, snapshot));
  const isDoubtful = (claim: Claim): boolean => snapshot.doubtful.has(claim.location) || snapshot.doubtfulRefs.has(claim.ref);
  const gone = missing.filter((claim) => !isDoubtful(claim));
  return {
    registered,
    changed,
    moved,
    removed: gone.filter(({ ref }) => !kept.has(ref)).map(({ ref }) => ref),
    orphaned: missing.filter((claim) => isDoubtful(claim) && !claim.orphan).map(({ ref }) => ref),
    uncertain: missing.filter(isDoubtful).map(({ ref, location }) => ({ ref, location })),
    conflicts,
    losing,
    joining,
    kept: gone.filter(({ ref }) => kept.has(ref)).map(({ ref }) => ref),
    stale,
    owned: own.length,
  };
}

const NONE: ReadonlySet<string> = new Set();

/** What a run that writes this has done, in numbers. */
export function countsOf(snapshot: Pick<Snapshot, "read" | "failed" | "candidates">, diff: Diff): Counts {
  return {
    read: snapshot.read,
    registered: diff.registered.length,
    changed: diff.changed.length,
    unchanged: snapshot.candidates.length - diff.registered.length - diff.changed.length - diff.conflicts.length,
    removed: diff.removed.length,
    failed: snapshot.failed,
    conflicts: diff.conflicts.length,
  };
}

/** Whether the snapshot would name it if it were still there. */
function isAsked(claim: Claim, { gone, unchangedLocations = [] }: Compared): boolean {
  if (gone) return gone.has(claim.ref);
  return !unchangedLocations.some((prefix) => claim.location.startsWith(prefix));
}

function isMoved(candidate: Candidate, claim: Claim): boolean {
  return claim.orphan || claim.location !== candidate.location || claim.line !== candidate.line || claim.docs_root !== candidate.docsRoot;
}

/** What was registered by a call gives way to a file that describes the same thing, and what was discovered to whoever describes it. */
function yields(claim: Claim, source: Pick<SourceRow, "kind">): boolean {
  if (claim.discovered) return true;
  return claim.source_kind === "inline" && source.kind !== "inline";
}

function conflictOf({ ref, file, line }: Candidate, claim: Claim): Problem {
  const where = claim.line === null ? claim.location : `${claim.location}, line ${claim.line}`;
  const reason = `${ref} belongs to the source "${claim.source_name}" already (${where})`;
  return {
    file,
    ...(line === null ? {} : { line }),
    at: "metadata.name",
    reason,
    mend: "Give one of them another name, or remove it: the first source keeps the name.",
    ref,
  };
}
