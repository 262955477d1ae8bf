import type { ResourceChange, ResourceDrift } from "@roadbed/contracts/paths/resources";
import { DomainError, InvalidError } from "@roadbed/core";
import type { z } from "zod";

import type { Facts, Plan, Provisioner, Seen, Wanted, Work } from "../provisioner.ts";
import { repositoryNamed, type FolderPlace, type FolderSeen, type GitFolders } from "./git-folders.ts";
import { makerOf, renderManifests, type Rendered, type Source } from "./render-manifests.ts";
import { diffOf } from "./text-diff.ts";

export interface GitProvisionerOptions {
  readonly id: string;
  readonly description: string;
  readonly inputs: z.ZodType;
  /** What is rendered; problems are told in the plan. */
  sourcesOf(wanted: Wanted): { readonly sources: readonly Source[]; readonly problems: Rendered["problems"] };
  /** What a cluster says of it, where one was connected. */
  seen?(wanted: Wanted): Promise<{ readonly words: string; readonly ready: boolean } | undefined>;
  readonly folders: GitFolders;
  readonly publicUrl: string;
  /** Keeps what must be known between two tries. */
  once<T>(wanted: Wanted, name: string, work: () => Promise<T>): Promise<T>;
}

/** What every provisioner by Git takes. */
export interface GitInputs {
  readonly repository: string;
  readonly branch: string;
  readonly folder?: string | undefined;
}

/**
 * Keeps manifests in Git, in a folder of their own, and leaves it to whoever watches the repository (Argo CD, Flux) to bring them to a cluster. Plan
 * is what would be different there, apply one commit with the resource's id, destroy a commit that takes them away; what is in the folder
 * already is not committed again, so an act that begins again makes nothing twice.
 */
export function makeGitProvisioner(o: GitProvisionerOptions): Provisioner {
  const render = (wanted: Wanted): Rendered => {
    const { sources, problems } = o.sourcesOf(wanted);
    const rendered = renderManifests(wanted, sources);
    return { ...rendered, problems: problems.length > 0 ? problems : rendered.problems };
  };
  const placeOf = (wanted: Wanted): FolderPlace => {
    const { repository, branch, folder } = wanted.inputs as GitInputs;
    const own = folder?.replaceAll(/\$\{\{\s*(name|environment)\s*\}\}/g, (_found, which: "name" | "environment") => wanted[which]);
    return {
      repository: repositoryNamed(repository, o.publicUrl),
      branch,
      folder: own ?? `resources/${wanted.environment}/${wanted.name}`,
    };
  };
  const change = async (
    work: Work,
    wanted: Wanted,
    there: FolderSeen,
    after: ReadonlyMap<string, string>,
    verb: string,
  ): Promise<Facts> => {
    const place = placeOf(wanted);
    const files = new Map([...after].filter(([path, text]) => there.files.get(path) !== text));
    const removed = oursIn(wanted, there).filter((path) => !after.has(path));
    if (files.size + removed.length === 0) return { commit: there.commit, proposed: "" };
    const made = await o.folders.change(place, {
      parent: there.commit,
      files,
      removed,
      title: `${verb} ${wanted.type}/${wanted.class} ${wanted.name} in ${wanted.environment}`,
      body: `Roadbed-Resource: ${wanted.id}\nRoadbed-Generation: ${wanted.generation}`,
      key: `${wanted.name}-${wanted.environment}-${wanted.id.slice(-6).toLowerCase()}-${wanted.generation}`,
      once: (name, make) => o.once(wanted, name, make),
      signal: work.signal,
    });
    const count = `${files.size} ${files.size === 1 ? "file" : "files"} written, ${removed.length} taken away in ${place.folder} of ${place.repository}`;
    await work.say("commit" in made ? `Committed ${made.commit.slice(0, 8)}: ${count}.` : `Proposed at ${made.proposed}: ${count}.`);
    return "commit" in made ? { commit: made.commit, proposed: "" } : { commit: there.commit, proposed: made.proposed };
  };

  return {
    id: o.id,
    description: o.description,
    inputs: o.inputs,

    async plan(_work, wanted, _secrets, act) {
      const place = placeOf(wanted);
      const there = await o.folders.read(place).catch((error: unknown) => (error instanceof DomainError ? error : Promise.reject(error)));
      const where = `${place.folder} of ${place.repository}`;
      if (there instanceof DomainError) return { words: `Would write to ${where}.`, changes: [], problems: [problemOf(place, there)] };
      const rendered = act === "destroy" ? { files: new Map<string, string>(), objects: [], problems: [] } : render(wanted);
      const changes = changesOf(wanted, there, rendered.files);
      const count = changes.filter(({ action }) => action !== "none").length;
      return {
        words: count === 0 ? `${where} is as it is wanted.` : `Changes ${count} ${count === 1 ? "file" : "files"} in ${where}.`,
        changes,
        objects: rendered.objects,
        problems: [...rendered.problems, ...foreignIn(wanted, there, rendered.files, where)],
      };
    },

    async apply(work, wanted) {
      const place = placeOf(wanted);
      const { files, problems } = render(wanted);
      if (problems[0] !== undefined) throw new InvalidError(`${problems[0].about}: ${problems[0].reason}`);
      const facts = await change(work, wanted, await o.folders.read(place), files, "Make");
      return { facts: { ...place, files: files.size, ...facts } };
    },

    async destroy(work, wanted) {
      // A repository that is gone took them along.
      const there = await o.folders.read(placeOf(wanted)).catch((error: unknown) => {
        if (error instanceof DomainError && error.code === "NOT_FOUND") return undefined;
        throw error;
      });
      if (there !== undefined) await change(work, wanted, there, new Map(), "Take away");
    },

    async read(_work, wanted) {
      const place = placeOf(wanted);
      const there = await o.folders.read(place);
      const { files } = render(wanted);
      const different = [...files].filter(([path, text]) => there.files.get(path) !== text);
      const left = oursIn(wanted, there).filter((path) => !files.has(path));
      const proposed = wanted.facts["proposed"];
      if (different.length + left.length > 0 && typeof proposed === "string" && proposed !== "") {
        return waiting(await o.folders.proposal(place.repository, proposed), proposed);
      }
      const drift = await driftOf(o.folders, place, there, wanted.facts["commit"], [
        ...different,
        ...left.map((path) => [path, ""] as const),
      ]);
      const gone = files.size > 0 && [...files.keys()].every((path) => !there.files.has(path));
      const seen = gone ? undefined : await o.seen?.(wanted);
      const lies = `${files.size} ${files.size === 1 ? "file" : "files"} in ${place.folder} of ${place.repository}`;
      return {
        state: gone ? "gone" : "present",
        words: gone ? "Git has nothing of it" : seen === undefined ? lies : `${lies}; ${seen.words}`,
        facts: { proposed: "", ...(seen === undefined ? {} : { ready: seen.ready }) },
        drift: gone ? [] : drift,
      };
    },

    variables: () => ({}),
  };
}

/** Names of the files in the folder that were made for this resource. */
function oursIn(wanted: Wanted, there: FolderSeen): string[] {
  return [...there.files].filter(([, text]) => makerOf(text) === placeWords(wanted)).map(([path]) => path);
}

/** As files say whose they are. */
export function placeWords({ type, name, environment }: Pick<Wanted, "type" | "name" | "environment">): string {
  return `${type} ${name} in ${environment}`;
}

function changesOf(wanted: Wanted, there: FolderSeen, after: ReadonlyMap<string, string>): ResourceChange[] {
  const written = [...after].map(([path, text]): ResourceChange => {
    const before = there.files.get(path);
    const { added, removed, text: diff } = diffOf(before ?? "", text);
    if (before === text) return { action: "none", kind: "File", name: path, summary: "as it is" };
    const summary = before === undefined ? `new, ${added} lines` : `${added} lines more, ${removed} less`;
    return { action: before === undefined ? "create" : "update", kind: "File", name: path, summary, diff };
  });
  const gone = oursIn(wanted, there).filter((path) => !after.has(path));
  return [...written, ...gone.map((path): ResourceChange => ({ action: "delete", kind: "File", name: path, summary: "no longer needed" }))];
}

/** What stands under a name that would be written, and is not of this resource, is never overwritten. */
function foreignIn(wanted: Wanted, there: FolderSeen, after: ReadonlyMap<string, string>, where: string): Plan["problems"][number][] {
  return [...after.keys()]
    .filter((path) => there.files.has(path) && makerOf(there.files.get(path)!) !== placeWords(wanted))
    .map((path) => ({
      about: path,
      reason: `stands in ${where} already, and was not made for this resource`,
      mend: "Choose another folder or name.",
    }));
}

function problemOf({ repository }: FolderPlace, { message, mend }: DomainError): Plan["problems"][number] {
  return { about: repository, reason: message, ...(mend === undefined ? {} : { mend }) };
}

function waiting(state: "open" | "merged" | "closed", url: string): Seen {
  if (state === "open") {
    return {
      state: "present",
      words: "Proposed, not merged yet",
      facts: {},
      drift: [{ what: "proposal", wanted: "merged", found: `waits at ${url}` }],
    };
  }
  const found = state === "closed" ? `closed: ${url}` : `merged otherwise: ${url}`;
  return {
    state: state === "closed" ? "gone" : "present",
    words: `The proposal was ${state}`,
    facts: {},
    drift: [{ what: "proposal", wanted: "merged as proposed", found }],
  };
}

async function driftOf(
  folders: GitFolders,
  place: FolderPlace,
  there: FolderSeen,
  since: unknown,
  different: readonly (readonly [string, string])[],
): Promise<ResourceDrift[]> {
  if (different.length === 0) return [];
  const by =
    typeof since === "string"
      ? await folders.lastTouched(
          place,
          since,
          there.commit,
          different.map(([path]) => path),
        )
      : new Map<string, string>();
  return different.map(([path, text]) => {
    const found = there.files.get(path);
    const { added, removed } = diffOf(text, found ?? "");
    const what = found === undefined ? "gone" : text === "" ? "there" : `${added} lines more, ${removed} less`;
    return { what: path, wanted: text === "" ? "gone" : "as applied", found: `${what}${by.has(path) ? ` by ${by.get(path)}` : ""}` };
  });
}
