import { createHash } from "node:crypto";

import { mergeBranch, openGitHost, type GitHostDouble, type Question, type Reply } from "./git-host-double.ts";
import { TOKEN } from "./outside-to.ts";

interface Project {
  readonly id: number;
  readonly path: string;
  readonly asked: Record<string, unknown>;
  readonly variables: Map<string, unknown>;
  readonly branches: Map<string, { message: string; files: Map<string, string> }>;
  readonly requests: any[];
  readonly issues: any[];
  archived?: boolean;
  readonly notes: { id: number; body: string }[];
  readonly statuses: any[];
  readonly discussions: { body: string; position: any }[];
  readonly tokens: { kind: string; id: number; name: string; username: string; token: string; revoked: boolean; asked: any }[];
}

export interface GitLabDouble extends GitHostDouble {
  readonly projects: Project[];
  seed(path: string, files: Record<string, string>): Project;
  /** Somebody presses the button: a real commit on the target. */
  mergeRequest(path: string, number: number, by: string): Promise<string>;
  closeRequest(path: string, number: number, by: string): void;
}

/** GitLab: REST v4 as documented, and pushes. Its only group is `acme`. */
export async function openGitLab(): Promise<GitLabDouble> {
  const projects: Project[] = [];
  const host = await openGitHost(answer);
  return Object.assign(host, {
    projects,
    async mergeRequest(path: string, number: number, by: string) {
      const request = projects.find((one) => one.path === path)!.requests[number - 1];
      const { source_branch: from, target_branch: into } = request;
      const done = await mergeBranch(host.repositories, path.replaceAll("/", "--"), { from, into, by, number });
      Object.assign(request, { state: "merged", merge_user: { username: by }, merge_commit_sha: done.commit, sha: done.head });
      return done.commit;
    },
    closeRequest(path: string, number: number, by: string) {
      Object.assign(projects.find((one) => one.path === path)!.requests[number - 1], { state: "closed", closed_by: { username: by } });
    },
    seed(path: string, files: Record<string, string>): Project {
      const project = add(path, {});
      project.branches.set("main", { message: "seed", files: new Map(Object.entries(files)) });
      return project;
    },
  });

  function add(path: string, asked: Record<string, unknown>): Project {
    const project: Project = {
      id: projects.length + 1,
      path,
      asked,
      variables: new Map(),
      branches: new Map(),
      requests: [],
      issues: [],
      notes: [],
      statuses: [],
      discussions: [],
      tokens: [],
    };
    projects.push(project);
    return project;
  }

  async function answer({ method, path, query, headers, body }: Question, { url, repositories }: GitHostDouble): Promise<Reply> {
    if (headers["private-token"] !== TOKEN) return { status: 401, body: { message: "401 Unauthorized" } };
    const rest = path.replace(/^\/api\/v4/, "");
    const view = ({ id, path: full }: Project): object => ({
      id,
      path_with_namespace: full,
      http_url_to_repo: `${url}/${full}.git`,
      default_branch: "main",
    });
    if (rest === "/namespaces/acme") return { body: { id: 7, full_path: "acme", kind: "group" } };
    if (rest === "/users") return { body: query.get("username") === "ada" ? [{ id: 42 }] : [] };
    if (method === "POST" && rest === "/projects") {
      const project = add(`acme/${body.path}`, body);
      await repositories.init(`acme--${body.path}`);
      return { status: 201, body: view(project) };
    }
    const [, name = "", tail = ""] = /^\/projects\/([^/]+)(\/.*)?$/.exec(rest) ?? [];
    const project = projects.find((one) => one.path === decodeURIComponent(name) || String(one.id) === name);
    if (project === undefined) return { status: 404, body: { message: "404 Project Not Found" } };
    if (tail === "") return { body: { ...view(project), archived: project.archived === true } };
    if (method === "POST" && tail === "/archive") return ((project.archived = true), { status: 201, body: view(project) });
    if (method === "POST" && tail === "/variables") {
      if (project.variables.has(body.key)) return { status: 400, body: { message: { key: ["(X) has already been taken"] } } };
      project.variables.set(body.key, body);
      return { status: 201, body };
    }
    const named = /^\/variables\/(.+)$/.exec(tail)?.[1] ?? "";
    if (method === "GET" && named !== "")
      return project.variables.has(named)
        ? { body: project.variables.get(named) }
        : { status: 404, body: { message: "404 Variable Not Found" } };
    if (method === "DELETE" && named !== "") return { status: project.variables.delete(named) ? 204 : 404, body: {} };
    const credential = /^\/(deploy_tokens|access_tokens)(?:\/(\d+))?$/.exec(tail);
    if (credential) {
      const [, kind = "", number] = credential;
      // As GitLab does: what a token says is in the answer that made it, and never again.
      if (method === "GET")
        return { body: project.tokens.filter((one) => one.kind === kind).map(({ token: _said, asked: _asked, ...one }) => one) };
      if (method === "POST") {
        const id = project.tokens.length + 1;
        const username = body.username ?? `gitlab+deploy-token-${id}`;
        project.tokens.push({ kind, id, name: body.name, username, token: `gl-said-once-${id}`, revoked: false, asked: body });
        const { asked: _asked, ...made } = project.tokens.at(-1)!;
        return { status: 201, body: made };
      }
      const found = project.tokens.find((one) => one.kind === kind && one.id === Number(number));
      if (found === undefined) return { status: 404, body: { message: "404 Not found" } };
      return ((found.revoked = true), { status: 204, body: {} });
    }
    if (method === "GET" && tail === "/issues") return { body: project.issues };
    if (method === "POST" && tail === "/issues") {
      const iid = project.issues.length + 1;
      project.issues.push({ ...body, id: iid + 100, iid, state: "opened", web_url: `${url}/${project.path}/-/issues/${iid}` });
      return { status: 201, body: project.issues.at(-1) };
    }
    const changed = /^\/(issues|merge_requests)\/(\d+)$/.exec(tail);
    if (method === "PUT" && changed) {
      const one = (changed[1] === "issues" ? project.issues : project.requests)[Number(changed[2]) - 1];
      return { body: Object.assign(one, body.state_event === "close" ? { state: "closed" } : body) };
    }
    if (method === "PUT" && tail.startsWith("/variables/")) return (project.variables.set(body.key, body), { body });
    if (method === "POST" && tail === "/protected_branches") return { status: 201, body: {} };
    const file = /^\/repository\/files\/(.+)$/.exec(tail);
    if (file) {
      const text = project.branches.get(query.get("ref") ?? "")?.files.get(decodeURIComponent(file[1] ?? ""));
      if (text === undefined) return { status: 404, body: { message: "404 File Not Found" } };
      const content = Buffer.from(text).toString("base64");
      return { body: { content_sha256: createHash("sha256").update(text).digest("hex"), content } };
    }
    const branch = /^\/repository\/branches\/(.+)$/.exec(tail);
    if (branch) {
      const found = project.branches.get(decodeURIComponent(branch[1] ?? ""));
      return found === undefined
        ? { status: 404, body: { message: "404 Branch Not Found" } }
        : { body: { commit: { message: found.message, id: decodeURIComponent(branch[1] ?? "") } } };
    }
    if (method === "POST" && tail === "/repository/commits") {
      if (project.branches.has(body.branch)) return { status: 400, body: { message: "A branch of that name is there" } };
      const files = new Map(project.branches.get(body.start_branch)?.files);
      for (const { action, file_path, content, encoding } of body.actions) {
        if (action === "delete") {
          files.delete(file_path);
          continue;
        }
        if (action === "create" && files.has(file_path)) return { status: 400, body: { message: "A file with this name already exists" } };
        files.set(file_path, Buffer.from(content, encoding).toString());
      }
      project.branches.set(body.branch, { message: body.commit_message, files });
      return { status: 201, body: {} };
    }
    if (method === "GET" && tail === "/merge_requests")
      return { body: project.requests.filter((one) => one.source_branch === query.get("source_branch")) };
    if (method === "GET" && tail === "/repository/merge_base") return { body: { id: query.getAll("refs[]")[0] } };
    if (method === "GET" && tail === "/repository/compare") {
      const [from, to] = ["from", "to"].map((name) => project.branches.get(query.get(name) ?? "")?.files ?? new Map<string, string>());
      const paths = [...new Set([...from!.keys(), ...to!.keys()])].filter((path) => from!.get(path) !== to!.get(path));
      return { body: { diffs: paths.map((path) => ({ old_path: path, new_path: path })) } };
    }
    if (method === "GET" && tail === "/repository/tree") {
      const files = project.branches.get(query.get("ref") ?? "")?.files ?? new Map<string, string>();
      return { body: [...files.keys()].map((path) => ({ path, type: "blob" })) };
    }
    if (method === "GET" && tail.endsWith("/notes")) return { body: project.notes };
    if (method === "POST" && tail.endsWith("/notes")) {
      project.notes.push({ id: project.notes.length + 1, body: body.body });
      return { status: 201, body: project.notes.at(-1) };
    }
    const note = /\/notes\/(\d+)$/.exec(tail);
    if (method === "PUT" && note) return { body: Object.assign(project.notes[Number(note[1]) - 1]!, body) };
    if (method === "POST" && tail.startsWith("/statuses/")) return (project.statuses.push(body), { status: 201, body });
    if (method === "GET" && tail.endsWith("/discussions")) return { body: project.discussions.map((one) => ({ notes: [one] })) };
    if (method === "POST" && tail.endsWith("/discussions")) return (project.discussions.push(body), { status: 201, body });
    const request = /^\/merge_requests\/(\d+)$/.exec(tail);
    if (method === "GET" && request) {
      const one = project.requests[Number(request[1]) - 1];
      const head = await repositories.head(project.path.replaceAll("/", "--"), one.source_branch).catch(() => undefined);
      return { body: { ...one, sha: one.state === "opened" ? (head ?? one.sha) : (one.sha ?? head) } };
    }
    if (method === "POST" && tail === "/merge_requests") {
      const iid = project.requests.length + 1;
      project.requests.push({ ...body, iid, state: "opened", web_url: `${url}/${project.path}/-/merge_requests/${iid}` });
      return { status: 201, body: project.requests.at(-1) };
    }
    return { status: 404, body: { message: "404 Not Found" } };
  }
}
