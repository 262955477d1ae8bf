import { ConflictError, NotFoundError, TooLargeError } from "@roadbed/core";

import type { Ask } from "./ask.ts";
import { reportToGitLab } from "./report.ts";
import type { HostRepository, Proposal, ProposedChange } from "./git-host.ts";
import { markOf, textOf } from "./github.ts";

const MOST_PAGES = 200;

/** A project at GitLab, over the REST API. */
export function gitlabRepository({ ask, host, path }: { readonly ask: Ask; readonly host: string; readonly path: string }): HostRepository {
  const at = `/projects/${encodeURIComponent(path)}`;

  return {
    system: "gitlab",
    name: `${host}/${path}`,
    owner: path.split("/").slice(0, -1).join("/"),
    head: async () => {
      const { body } = await ask("GET", at);
      const branch = String(body?.default_branch ?? "main");
      const commit = (await branchOf(branch))?.commit?.id;
      if (commit === undefined) throw new NotFoundError("branch", `${branch} of ${path}`, "Push a first commit to it.");
      return { branch, commit };
    },
    read: async (commit, file) => {
      const { status, body } = await ask("GET", `${at}/repository/files/${encodeURIComponent(file)}?ref=${encodeURIComponent(commit)}`, {
        accept: [404],
      });
      if (status === 404 || typeof body?.content !== "string") return undefined;
      return textOf(Buffer.from(body.content, "base64"));
    },
    compare: async (base, head) => {
      const merged = (await ask("GET", `${at}/repository/merge_base?refs[]=${encodeURIComponent(base)}&refs[]=${encodeURIComponent(head)}`))
        .body;
      const start = String(merged?.id ?? base);
      const { body } = await ask(
        "GET",
        `${at}/repository/compare?from=${encodeURIComponent(start)}&to=${encodeURIComponent(head)}&straight=true`,
      );
      const diffs = (Array.isArray(body?.diffs) ? body.diffs : []) as { old_path?: string; new_path?: string }[];
      return { start, changed: [...new Set(diffs.flatMap((one) => [one.old_path, one.new_path].filter((file) => file !== undefined)))] };
    },
    list: async (commit) => {
      const paths: string[] = [];
      for (let page = 1; ; page++) {
        if (page > MOST_PAGES)
          throw new TooLargeError(`${path} has more files than are listed here.`, { mend: "Check it in the pipeline: roadbed check." });
        const { body } = await ask(
          "GET",
          `${at}/repository/tree?recursive=true&per_page=100&page=${page}&ref=${encodeURIComponent(commit)}`,
        );
        const items = (Array.isArray(body) ? body : []) as { type?: string; path?: string }[];
        paths.push(...items.flatMap((one) => (one.type === "blob" && one.path !== undefined ? [one.path] : [])));
        if (items.length < 100) return paths;
      }
    },
    report: (report) => reportToGitLab(ask, at, report),
    propose: async (change) => {
      const all = (await ask("GET", `${at}/merge_requests?state=all&source_branch=${encodeURIComponent(change.branch)}`)).body as any[];
      const known = all.find((one) => String(one.description ?? "").includes(markOf(change.key)));
      if (known) return toProposal(known);
      await commit(change);
      const { branch, target, title, body, key } = change;
      const asked = {
        source_branch: branch,
        target_branch: target,
        title,
        description: `${body}\n\n${markOf(key)}`,
        remove_source_branch: true,
      };
      return toProposal((await ask("POST", `${at}/merge_requests`, { body: asked })).body);
    },
    proposal: async (number) => toProposal((await ask("GET", `${at}/merge_requests/${number}`)).body),
  };

  async function branchOf(branch: string): Promise<{ commit?: { id?: string; message?: string } } | undefined> {
    const { status, body } = await ask("GET", `${at}/repository/branches/${encodeURIComponent(branch)}`, { accept: [404] });
    return status === 404 ? undefined : body;
  }

  /** The branch comes with its one commit: one that is there and says the same was made by an earlier try. */
  async function commit({ branch, target, files, title, key, author }: ProposedChange): Promise<void> {
    const message = `${title}\n\nRoadbed-Key: ${key}`;
    const before = await branchOf(branch);
    if (before !== undefined) {
      if (before.commit?.message?.trim() === message) return;
      throw new ConflictError(`The branch ${branch} of ${path} is there already.`, { mend: "Remove the branch, then ask again." });
    }
    const actions = files.map(({ path: file, content, isNew }) => ({ action: isNew ? "create" : "update", file_path: file, content }));
    const body = { branch, start_branch: target, commit_message: message, actions, author_name: author.name, author_email: author.email };
    await ask("POST", `${at}/repository/commits`, { body });
  }
}

function toProposal(request: any): Proposal {
  const state = request.state === "merged" ? "merged" : request.state === "closed" ? "closed" : "open";
  return { number: String(request.iid), link: String(request.web_url), state };
}
