import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { createSmartHttp, openRepositories, type Repositories } from "@roadbed/git";

import { TOKEN } from "./outside-to.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export interface Question {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: any;
}
export interface Reply {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A Git host in this process: REST by `answer`, and real pushes and clones over smart HTTP. */
export interface GitHostDouble {
  /** `127.0.0.1:port`. */
  readonly host: string;
  readonly url: string;
  readonly asked: Question[];
  readonly repositories: Repositories;
  /** Called before each answer; `drop` breaks the connection off without one, `after` breaks it off once it was done. */
  fault: (question: Question) => Reply | "drop" | "after" | undefined;
  /** Refuses every push with these words. */
  refusesPush: string | undefined;
  close(): Promise<void>;
}

export async function openGitHost(answer: (question: Question, double: GitHostDouble) => Promise<Reply> | Reply): Promise<GitHostDouble> {
  const repositories = openRepositories(await temporaryFolder());
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const git = createSmartHttp<string>({
    root: repositories.root,
    log: silent,
    async authorize(request, _repository, access) {
      if (access === "read") return { actor: "anybody" };
      const password = Buffer.from(request.headers.authorization?.split(" ")[1] ?? "", "base64")
        .toString()
        .split(":")[1];
      return password === TOKEN && double.refusesPush === undefined ? { actor: "robot" } : undefined;
    },
    onPush: async () => {},
  });
  const server: Server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? "/", "http://x");
      const [, repository, rest] = /^\/(.+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/.exec(url.pathname) ?? [];
      if (repository !== undefined) {
        request.url = `/git/${repository.replaceAll("/", "--")}.git/${rest}${url.search}`;
        return git(request, response);
      }
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      const { method = "GET", headers } = request;
      const question: Question = {
        method,
        path: url.pathname,
        query: url.searchParams,
        headers,
        body: text === "" ? undefined : JSON.parse(text),
      };
      double.asked.push(question);
      const fault = double.fault(question);
      if (fault === "drop") return void response.destroy();
      const reply = typeof fault === "object" ? fault : await answer(question, double);
      if (fault === "after") return void response.destroy();
      response.writeHead(reply.status ?? 200, { "content-type": "application/json", ...reply.headers });
      response.end(reply.body === undefined ? "" : JSON.stringify(reply.body));
    })().catch((error: unknown) => response.writeHead(500).end(JSON.stringify({ message: String(error) })));
  });
  await new Promise<void>((done) => void server.listen(0, "127.0.0.1", done));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const double: GitHostDouble = {
    host,
    url: `http://${host}`,
    asked: [],
    repositories,
    fault: () => undefined,
    refusesPush: undefined,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
  return double;
}

/** What pressing the button does: a merge commit, or all of it as one commit of somebody else's name. */
export async function mergeBranch(
  repositories: Repositories,
  name: string,
  o: {
    readonly from: string;
    readonly into: string;
    readonly by: string;
    readonly how?: "merge" | "squash" | undefined;
    readonly number: number;
  },
): Promise<{ readonly head: string; readonly commit: string }> {
  const git = async (...args: string[]): Promise<string> => {
    const identity = { NAME: o.by, EMAIL: `${o.by}@example.org` };
    const env = Object.fromEntries(
      ["AUTHOR", "COMMITTER"].flatMap((who) => Object.entries(identity).map(([k, v]) => [`GIT_${who}_${k}`, v])),
    );
    const { stdout } = await promisify(execFile)("git", ["--git-dir", join(repositories.root, `${name}.git`), ...args], {
      env: { ...process.env, ...env },
    });
    return stdout.trim();
  };
  const [base, head] = [await git("rev-parse", `refs/heads/${o.into}`), await git("rev-parse", `refs/heads/${o.from}`)];
  const tree = (await git("merge-tree", "--write-tree", base, head)).split("\n")[0]!;
  const parents = o.how === "squash" ? ["-p", base] : ["-p", base, "-p", head];
  const commit = await git("commit-tree", tree, ...parents, "-m", `Merge pull request #${o.number} from ${o.from}`);
  await git("update-ref", `refs/heads/${o.into}`, commit, base);
  return { head, commit };
}
