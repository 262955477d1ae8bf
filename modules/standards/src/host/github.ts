import { ConflictError, NotFoundError, TooLargeError } from "@roadbed/core";

import type { Ask } from "./ask.ts";
import { reportToGitHub } from "./report.ts";
import type { HostRepository, Proposal, ProposedChange } from "./git-host.ts";

/** A repository at GitHub, over the REST API. */
export function githubRepository({ ask, host, path }: { readonly ask: Ask; readonly host: string; readonly path: string }): HostRepository {
  const at = `/repos/${path.split("/").map(encodeURIComponent).join("/")}`;
  const [owner = ""] = path.split("/");

  return {
    system: "github",
    name: `${host}/${path}`,
    owner,
    head: async () => {
      const { body } = await ask("GET", at);
      const branch = String(body?.default_branch ?? "main");
      const commit = await headOf(branch);
      if (commit === undefined) throw new NotFoundError("branch", `${branch} of ${path}`, "Push a first commit to it.");
      return { branch, commit };
    },
    read: async (commit, file) => {
      const { status, body } = await ask("GET", `${at}/contents/${file.split("/").map(encodeURIComponent).join("/")}?ref=${commit}`, {
        accept: [404],
      });
      if (status === 404 || typeof body?.content !== "string") return undefined;
      return textOf(Buffer.from(body.content, "base64"));
    },
    compare: async (base, head) => {
      const { body } = await ask("GET", `${at}/compare/${base}...${head}?per_page=300`);
      const files = (Array.isArray(body?.files) ? body.files : []) as { filename?: string; previous_filename?: string }[];
      if (files.length >= 300) throw new TooLargeError("The change touches more files than GitHub tells of.", { mend: "Split it." });
      return {
        start: String(body?.merge_base_commit?.sha ?? base),
        changed: files.flatMap((one) => [one.filename, one.previous_filename].filter((path) => path !== undefined)),
      };
    },
    list: async (commit) => {
      const { body } = await ask("GET", `${at}/git/trees/${commit}?recursive=1`);
      if (body?.truncated === true)
        throw new TooLargeError(`${path} has more files than GitHub tells of.`, { mend: "Check it in the pipeline: roadbed check." });
      return ((body?.tree ?? []) as { type?: string; path?: string }[]).flatMap((one) =>
        one.type === "blob" && one.path !== undefined ? [one.path] : [],
      );
    },
    report: (report) => reportToGitHub(ask, at, report),
    propose: async (change) => {
      const query = `state=all&head=${encodeURIComponent(`${owner}:${change.branch}`)}&base=${encodeURIComponent(change.target)}&sort=created&direction=desc`;
      const all = (await ask("GET", `${at}/pulls?${query}`)).body as any[];
      const known = all.find((one) => String(one.body ?? "").includes(markOf(change.key)));
      if (known) return toProposal(known);
      await commit(change);
      const body = { title: change.title, body: `${change.body}\n\n${markOf(change.key)}`, head: change.branch, base: change.target };
      return toProposal((await ask("POST", `${at}/pulls`, { body })).body);
    },
    proposal: async (number) => toProposal((await ask("GET", `${at}/pulls/${number}`)).body),
  };

  async function headOf(branch: string): Promise<string | undefined> {
    const { status, body } = await ask("GET", `${at}/git/ref/heads/${branch.split("/").map(encodeURIComponent).join("/")}`, {
      accept: [404, 409],
    });
    return status === 200 && typeof body?.object?.sha === "string" ? body.object.sha : undefined;
  }

  /** A branch that is there already is taken where it holds the very same files on the same commit, as after a crash. */
  async function commit({ branch, base, files, title, author }: ProposedChange): Promise<void> {
    const parent = (await ask("GET", `${at}/git/commits/${base}`)).body;
    const tree = files.map(({ path: file, content }) => ({ path: file, mode: "100644", type: "blob", content }));
    const made = (await ask("POST", `${at}/git/trees`, { body: { base_tree: parent?.tree?.sha, tree } })).body;
    const before = await headOf(branch);
    if (before !== undefined) {
      const known = (await ask("GET", `${at}/git/commits/${before}`)).body;
      if (known?.tree?.sha === made.sha) return;
      throw new ConflictError(`The branch ${branch} of ${path} is there already with other commits.`, {
        mend: "Remove the branch, then ask again.",
      });
    }
    const body = { message: title, tree: made.sha, parents: [base], author };
    const { sha } = (await ask("POST", `${at}/git/commits`, { body })).body;
    await ask("POST", `${at}/git/refs`, { body: { ref: `refs/heads/${branch}`, sha } });
  }
}

/** Stands in the text of a change, where nobody sees it: by it the change is found again. */
export function markOf(key: string): string {
  return `<!-- roadbed ${key} -->`;
}

function toProposal(pull: any): Proposal {
  const state = pull.merged_at != null || pull.merged === true ? "merged" : pull.state === "closed" ? "closed" : "open";
  return { number: String(pull.number), link: String(pull.html_url), state };
}

export function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}
