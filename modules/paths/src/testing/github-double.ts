import { createHash } from "node:crypto";

import sodium from "libsodium-wrappers";

import { mergeBranch, openGitHost, type GitHostDouble, type Question, type Reply } from "./git-host-double.ts";
import { TOKEN } from "./outside-to.ts";

interface Repository {
  archived?: boolean;
  readonly name: string;
  readonly created_at: string;
  readonly asked: Record<string, unknown>;
  topics: string[];
  readonly variables: Map<string, string>;
  readonly protection: Map<string, unknown>;
  readonly refs: Map<string, string>;
  readonly hooks: any[];
  readonly autolinks: any[];
  readonly issues: any[];
  readonly pulls: any[];
  readonly environments: Map<string, any>;
  /** As the host reads them once it has opened what was sealed: of the repository by name, of an environment as ENVIRONMENT/NAME. */
  readonly secrets: Map<string, string>;
  readonly deployKeys: { id: number; title: string; key: string }[];
  oidc?: unknown;
  readonly runs: any[];
  /** Comments of the conversation, checks of commits, and comments at lines. */
  readonly comments: { id: number; issue: number; body: string }[];
  readonly statuses: any[];
  readonly checks: any[];
  readonly edits: { body: string; path: string; line: number }[];
}

export interface GitHubDouble extends GitHostDouble {
  readonly all: Map<string, Repository>;
  readonly commits: Map<string, { tree: string; parents: string[]; message: string; author: unknown }>;
  readonly trees: Map<string, Map<string, string>>;
  /** A repository with one commit on main. */
  seed(name: string, files: Record<string, string>): void;
  /** A commit on top of main, as the head of a branch. */
  commitTo(name: string, branch: string, files: Record<string, string>): string;
  /** Somebody presses the button: a real commit on the target, in one of the ways in which the host merges. */
  mergePull(name: string, number: number, o: { readonly by: string; readonly how?: "merge" | "squash" }): Promise<string>;
  closePull(name: string, number: number, by: string): void;
  /** Whether the plan protects branches. */
  protects: boolean;
}

/** GitHub Enterprise: REST below `/api/v3` as documented (2022-11-28), and pushes. Owners: the organisation `acme`. */
export async function openGitHub(): Promise<GitHubDouble> {
  const all: GitHubDouble["all"] = new Map();
  const commits: GitHubDouble["commits"] = new Map();
  const trees: GitHubDouble["trees"] = new Map();
  const blobs = new Map<string, string>();
  let lastId = 0;
  await sodium.ready;
  const keys = sodium.crypto_box_keypair();
  const publicKey = { key: sodium.to_base64(keys.publicKey, sodium.base64_variants.ORIGINAL), key_id: "568250167242549743" };
  const open = (sealed: string): string =>
    sodium.to_string(
      sodium.crypto_box_seal_open(sodium.from_base64(sealed, sodium.base64_variants.ORIGINAL), keys.publicKey, keys.privateKey),
    );
  const host = await openGitHost((question, double) => answer(question, double));
  const double: GitHubDouble = Object.assign(host, {
    all,
    commits,
    trees,
    protects: true,
    async mergePull(name: string, number: number, { by, how }: { by: string; how?: "merge" | "squash" }) {
      const pull = all.get(`acme/${name}`)!.pulls[number - 1];
      const done = await mergeBranch(host.repositories, `acme--${name}`, { from: pull.head, into: pull.base, by, how, number });
      Object.assign(pull, {
        state: "closed",
        merged: true,
        merged_by: { login: by },
        merged_head: done.head,
        merge_commit_sha: done.commit,
      });
      return done.commit;
    },
    closePull(name: string, number: number, by: string) {
      Object.assign(all.get(`acme/${name}`)!.pulls[number - 1], { state: "closed", closed_by: { login: by } });
    },
    commitTo(name: string, branch: string, files: Record<string, string>): string {
      const { refs } = all.get(`acme/${name}`)!;
      const parent = refs.get("main")!;
      const tree = shaOf([name, branch, files]);
      trees.set(tree, new Map([...trees.get(commits.get(parent)!.tree)!, ...Object.entries(files)]));
      const commit = shaOf({ tree, parent });
      commits.set(commit, { tree, parents: [parent], message: "work", author: undefined });
      refs.set(branch, commit);
      return commit;
    },
    seed(name: string, files: Record<string, string>) {
      const tree = shaOf(files);
      trees.set(tree, new Map(Object.entries(files)));
      const commit = shaOf({ tree, name });
      commits.set(commit, { tree, parents: [], message: "seed", author: undefined });
      all.set(`acme/${name}`, { ...blank(name), refs: new Map([["main", commit]]) });
    },
  });
  return double;

  async function answer({ method, path, query, headers, body }: Question, { host: at, url, repositories }: GitHostDouble): Promise<Reply> {
    if (headers["authorization"] !== `Bearer ${TOKEN}`) return { status: 401, body: { message: "Bad credentials" } };
    const rest = path.replace(/^\/api\/v3/, "");
    if (rest === "/users/ada") return { body: { login: "ada", type: "User", id: 42 } };
    if (rest === "/orgs/acme/teams/payments") return { body: { slug: "payments", id: 7 } };
    if (rest === "/users/acme") return { body: { login: "acme", type: "Organization" } };
    if (method === "POST" && rest === "/orgs/acme/repos") {
      const name = String(body.name);
      if (all.has(`acme/${name}`))
        return {
          status: 422,
          body: { message: "Repository creation failed.", errors: [{ message: "name already exists on this account" }] },
        };
      all.set(`acme/${name}`, { ...blank(name), asked: body });
      await repositories.init(`acme--${name}`);
      return { status: 201, body: view(name, url) };
    }
    if (/^\/orgs\/acme\/teams\/[^/]+\/repos\//.test(rest)) return { status: 204 };
    const [, name = "", tail = ""] = /^\/repos\/acme\/([^/]+)(\/.*)?$/.exec(rest) ?? [];
    const repository = all.get(`acme/${name}`);
    if (repository === undefined) return { status: 404, body: { message: "Not Found" } };
    return ofRepository(repository, { method, tail, query, body, url, at });
  }

  async function ofRepository(
    repository: Repository,
    { method, tail, query, body, url }: { method: string; tail: string; query: URLSearchParams; body: any; url: string; at: string },
  ): Promise<Reply> {
    const page = `${url}/acme/${repository.name}`;
    const is = (wanted: string, pattern: RegExp): RegExpExecArray | undefined =>
      method === wanted ? (pattern.exec(tail) ?? undefined) : undefined;
    if (is("GET", /^$/)) return { body: view(repository.name, url) };
    if (is("PUT", /^\/topics$/)) return { body: { names: (repository.topics = body.names) } };
    if (is("PUT", /^\/collaborators\//)) return { status: 201 };
    if (is("POST", /^\/actions\/variables$/)) {
      if (repository.variables.has(body.name)) return { status: 409, body: { message: "Already exists" } };
      repository.variables.set(body.name, body.value);
      return { status: 201 };
    }
    const variable = is("PATCH", /^\/actions\/variables\/(.+)$/);
    if (variable) return (repository.variables.set(variable[1] ?? "", body.value), { status: 204 });
    const protection = is("PUT", /^\/branches\/(.+)\/protection$/);
    if (protection) {
      if (!double.protects) return { status: 403, body: { message: "Upgrade to GitHub Pro or make this repository public" } };
      repository.protection.set(protection[1] ?? "", body);
      return { body };
    }
    if (is("GET", /^\/(?:actions|environments\/[^/]+)\/secrets\/public-key$/)) return { body: publicKey };
    const secret = /^\/(actions|environments\/([^/]+))\/secrets\/([^/]+)$/.exec(tail);
    if (secret) return ofSecret(repository, method, [secret[2], secret[3]].filter((part) => part !== undefined).join("/"), body);
    if (is("PUT", /^\/actions\/oidc\/customization\/sub$/)) return ((repository.oidc = body), { status: 201, body: {} });
    if (is("GET", /^\/keys$/)) return { body: repository.deployKeys };
    if (is("POST", /^\/keys$/)) {
      const bare = String(body.key).split(/\s+/).slice(0, 2).join(" ");
      if (repository.deployKeys.some(({ key }) => key === bare)) return { status: 422, body: { message: "key is already in use" } };
      repository.deployKeys.push({ id: ++lastId, title: body.title, key: bare });
      return { status: 201, body: repository.deployKeys.at(-1) };
    }
    const deployKey = is("DELETE", /^\/keys\/(\d+)$/);
    if (deployKey) return takeOut(repository.deployKeys, ({ id }) => id === Number(deployKey[1]));
    const ref = is("GET", /^\/git\/ref\/heads\/(.+)$/);
    if (ref) {
      const branch = decodeURIComponent(ref[1] ?? "");
      const sha =
        repository.refs.get(branch) ?? (await double.repositories.head(`acme--${repository.name}`, branch).catch(() => undefined));
      return sha === undefined ? { status: 404, body: { message: "Not Found" } } : { body: { object: { sha, type: "commit" } } };
    }
    const compared = is("GET", /^\/compare\/(.+)\.\.\.(.+)$/);
    if (compared) {
      const [before, after] = [1, 2].map((at) => trees.get(commits.get(compared[at] ?? "")?.tree ?? "") ?? new Map<string, string>());
      const paths = [...new Set([...before!.keys(), ...after!.keys()])].filter((path) => before!.get(path) !== after!.get(path));
      return { body: { merge_base_commit: { sha: compared[1] }, files: paths.map((filename) => ({ filename })) } };
    }
    const tree = is("GET", /^\/git\/trees\/(.+)$/);
    if (tree) {
      const files = trees.get(commits.get(tree[1] ?? "")?.tree ?? "") ?? new Map<string, string>();
      return { body: { tree: [...files.keys()].map((path) => ({ path, type: "blob" })), truncated: false } };
    }
    const conversation = /^\/issues\/(\d+)\/comments$/.exec(tail);
    if (conversation && method === "GET") return { body: repository.comments.filter(({ issue }) => issue === Number(conversation[1])) };
    if (conversation && method === "POST") {
      repository.comments.push({ id: repository.comments.length + 1, issue: Number(conversation[1]), body: body.body });
      return { status: 201, body: repository.comments.at(-1) };
    }
    const comment = is("PATCH", /^\/issues\/comments\/(\d+)$/);
    if (comment) return { body: Object.assign(repository.comments[Number(comment[1]) - 1]!, body) };
    if (is("GET", /^\/pulls\/\d+\/comments$/)) return { body: repository.edits };
    if (is("POST", /^\/pulls\/\d+\/comments$/)) return (repository.edits.push(body), { status: 201, body });
    const status = is("POST", /^\/statuses\/(.+)$/);
    if (status) return (repository.statuses.push({ ...body, sha: status[1] }), { status: 201, body: {} });
    const checks = is("GET", /^\/commits\/(.+)\/check-runs$/);
    if (checks) return { body: { check_runs: repository.checks.filter(({ head_sha }) => head_sha === checks[1]) } };
    if (is("POST", /^\/check-runs$/)) {
      repository.checks.push({ ...body, id: repository.checks.length + 1 });
      return { status: 201, body: repository.checks.at(-1) };
    }
    const checkRun = is("PATCH", /^\/check-runs\/(\d+)$/);
    if (checkRun) return { body: Object.assign(repository.checks[Number(checkRun[1]) - 1], body) };
    const content = is("GET", /^\/contents\/(.+)$/);
    if (content) {
      const text = trees.get(commits.get(query.get("ref") ?? "")?.tree ?? "")?.get(decodeURIComponent(content[1] ?? ""));
      return text === undefined
        ? { status: 404, body: { message: "Not Found" } }
        : { body: { content: Buffer.from(text).toString("base64") } };
    }
    const pull = is("GET", /^\/pulls\/(\d+)$/);
    if (pull) return { body: await shown(repository, repository.pulls[Number(pull[1]) - 1]) };
    const commit = is("GET", /^\/git\/commits\/(.+)$/);
    if (commit) return { body: { sha: commit[1], tree: { sha: commits.get(commit[1] ?? "")?.tree } } };
    if (is("POST", /^\/git\/blobs$/)) {
      const text = Buffer.from(body.content, body.encoding).toString("latin1");
      blobs.set(shaOf(text), text);
      return { status: 201, body: { sha: shaOf(text) } };
    }
    if (is("POST", /^\/git\/trees$/)) {
      const files = new Map(trees.get(body.base_tree));
      for (const entry of body.tree) {
        if (entry.sha === null) files.delete(entry.path);
        else files.set(entry.path, entry.content ?? blobs.get(entry.sha));
      }
      const sha = shaOf([...files]);
      trees.set(sha, files);
      return { status: 201, body: { sha } };
    }
    if (is("POST", /^\/git\/commits$/)) {
      const sha = shaOf(body);
      commits.set(sha, body);
      return { status: 201, body: { sha } };
    }
    if (is("POST", /^\/git\/refs$/)) {
      const branch = String(body.ref).replace("refs/heads/", "");
      if (repository.refs.has(branch)) return { status: 422, body: { message: "Reference already exists" } };
      repository.refs.set(branch, body.sha);
      return { status: 201, body: {} };
    }
    const moved = is("PATCH", /^\/git\/refs\/heads\/(.+)$/);
    if (moved) return (repository.refs.set(decodeURIComponent(moved[1] ?? ""), body.sha), { body: {} });
    if (is("GET", /^\/pulls$/)) return { body: repository.pulls.filter(({ head }) => `acme:${head}` === query.get("head")) };
    if (is("POST", /^\/pulls$/)) {
      if (repository.pulls.some(({ head, state }) => head === body.head && state !== "closed"))
        return { status: 422, body: { message: "Validation Failed", errors: [{ message: "A pull request already exists" }] } };
      const number = repository.pulls.length + 1;
      repository.pulls.push({ ...body, number, html_url: `${page}/pull/${number}` });
      return { status: 201, body: await shown(repository, repository.pulls.at(-1)) };
    }
    if (is("PATCH", /^$/)) return { body: Object.assign(repository, { archived: body.archived }) };
    if (is("POST", /^\/pulls\/\d+\/requested_reviewers$/))
      return body.reviewers.includes("nobody")
        ? { status: 422, body: { message: "Reviews may only be requested from collaborators" } }
        : { status: 201, body: {} };
    if (is("GET", /^\/hooks$/)) return { body: repository.hooks };
    if (is("POST", /^\/hooks$/)) return (repository.hooks.push({ ...body, id: ++lastId }), { status: 201, body: {} });
    const hook = is("DELETE", /^\/hooks\/(\d+)$/);
    if (hook) return takeOut(repository.hooks, ({ id }) => id === Number(hook[1]));
    if (is("GET", /^\/autolinks$/)) return { body: repository.autolinks };
    if (is("POST", /^\/autolinks$/)) return (repository.autolinks.push({ ...body, id: ++lastId }), { status: 201, body: {} });
    const autolink = is("DELETE", /^\/autolinks\/(\d+)$/);
    if (autolink) return takeOut(repository.autolinks, ({ id }) => id === Number(autolink[1]));
    const issue = is("PATCH", /^\/issues\/(\d+)$/);
    if (issue) return { body: Object.assign(repository.issues[Number(issue[1]) - 1], body) };
    const read = is("GET", /^\/issues\/(\d+)$/);
    if (read) return { body: { closed_by: repository.pulls[Number(read[1]) - 1]?.closed_by ?? null } };
    const labels = is("GET", /^\/issues\/(\d+)\/labels$/);
    if (labels) return { body: (repository.issues[Number(labels[1]) - 1].labels ?? []).map((name: string) => ({ name })) };
    const more = is("POST", /^\/issues\/(\d+)\/labels$/);
    if (more) {
      const one = repository.issues[Number(more[1]) - 1];
      one.labels = [...new Set([...(one.labels ?? []), ...body.labels])];
      return { body: one.labels };
    }
    const label = is("DELETE", /^\/issues\/(\d+)\/labels\/(.+)$/);
    if (label) return takeOut(repository.issues[Number(label[1]) - 1].labels, (name) => name === decodeURIComponent(label[2] ?? ""));
    const closed = is("PATCH", /^\/pulls\/(\d+)$/);
    if (closed) return { body: Object.assign(repository.pulls[Number(closed[1]) - 1], body) };
    const space = is("GET", /^\/environments\/([^/]+)$/);
    if (space) return repository.environments.has(space[1] ?? "") ? { body: {} } : { status: 404, body: { message: "Not Found" } };
    const gone = is("DELETE", /^\/environments\/([^/]+)$/);
    if (gone) return repository.environments.delete(gone[1] ?? "") ? { status: 204 } : { status: 404, body: { message: "Not Found" } };
    if (is("GET", /^\/issues$/)) return { body: repository.issues };
    if (is("POST", /^\/issues$/)) {
      const number = repository.issues.length + 1;
      repository.issues.push({ ...body, number, html_url: `${page}/issues/${number}` });
      return { status: 201, body: repository.issues.at(-1) };
    }
    const environment = is("PUT", /^\/environments\/([^/]+)$/);
    if (environment) return (repository.environments.set(environment[1] ?? "", body), { body: {} });
    if (is("POST", /^\/environments\/[^/]+\/variables$/)) return { status: 201 };
    if (is("POST", /^\/actions\/workflows\/[^/]+\/dispatches$/)) {
      const id = repository.runs.length + 1;
      const run = {
        id,
        html_url: `${page}/actions/runs/${id}`,
        status: "queued",
        conclusion: null,
        created_at: new Date().toISOString(),
        inputs: body.inputs,
      };
      repository.runs.unshift(run);
      return { status: 204 };
    }
    if (is("GET", /^\/actions\/workflows\/[^/]+\/runs$/)) return { body: { workflow_runs: repository.runs } };
    const jobs = is("GET", /^\/actions\/runs\/(\d+)\/jobs$/);
    if (jobs) return { body: { jobs: [{ id: Number(jobs[1]) }] } };
    const annotations = is("GET", /^\/check-runs\/(\d+)\/annotations$/);
    if (annotations) return { body: repository.runs.find(({ id }) => id === Number(annotations[1]))?.annotations ?? [] };
    const run = is("GET", /^\/actions\/runs\/(\d+)$/);
    if (run) return { body: repository.runs.find(({ id }) => id === Number(run[1])) };
    return { status: 404, body: { message: "Not Found" } };
  }

  /** Branches by name and commit, as the host gives them. */
  async function shown(repository: Repository, pull: any): Promise<any> {
    const at = (branch: string): Promise<string | undefined> =>
      double.repositories.head(`acme--${repository.name}`, branch).catch(() => undefined);
    const sha = pull.merged_head ?? (await at(pull.head)) ?? repository.refs.get(pull.head) ?? pull.last_head;
    pull.last_head = sha;
    return { ...pull, head: { ref: pull.head, sha }, base: { ref: pull.base } };
  }

  function ofSecret(repository: Repository, method: string, name: string, body: any): Reply {
    if (method === "DELETE") return repository.secrets.delete(name) ? { status: 204 } : { status: 404, body: { message: "Not Found" } };
    if (method !== "PUT" || body.key_id !== publicKey.key_id) return { status: 422, body: { message: "Bad key_id" } };
    repository.secrets.set(name, open(body.encrypted_value));
    return { status: 201 };
  }

  function view(name: string, url: string): object {
    const { created_at, archived = false } = all.get(`acme/${name}`)!;
    return { name, archived, created_at, clone_url: `${url}/acme/${name}.git`, html_url: `${url}/acme/${name}`, default_branch: "main" };
  }
}

function takeOut(from: any[], is: (one: any) => boolean): Reply {
  const at = from.findIndex(is);
  if (at < 0) return { status: 404, body: { message: "Not Found" } };
  from.splice(at, 1);
  return { status: 204 };
}

function blank(name: string): Repository {
  return {
    name,
    created_at: new Date().toISOString(),
    asked: {},
    topics: [],
    variables: new Map(),
    protection: new Map(),
    refs: new Map(),
    hooks: [],
    autolinks: [],
    issues: [],
    pulls: [],
    environments: new Map(),
    secrets: new Map(),
    deployKeys: [],
    runs: [],
    comments: [],
    statuses: [],
    checks: [],
    edits: [],
  };
}

function shaOf(value: unknown): string {
  return createHash("sha1").update(JSON.stringify(value)).digest("hex");
}
