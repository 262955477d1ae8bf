/** The two commands, on a clone as a stranger has it: nothing installed, a space in its path, and whatever Node is first. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

const repository = join(import.meta.dirname, "..");
let folder: string;
let clone: string;
let dataDir: string;
let tokenFile: string;
let port: number;
const started: ChildProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "roadbed start-"));
  clone = join(folder, "a clone");
  dataDir = join(folder, "its data");
  tokenFile = join(folder, "token");
  execFileSync("git", ["clone", "--quiet", repository, clone]);
  port = await freePort();
});

afterAll(() => {
  for (const child of started.filter(isRunning)) child.kill("SIGKILL");
  for (const { pid } of processesOf(folder)) process.kill(pid, "SIGKILL");
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
});

describe("npm start in a bare clone", () => {
  let first: Start;
  let link: string;

  test("fetches, installs and builds, and serves the page", async () => {
    first = npmStart();
    await first.ready();
    expect(first.output()).toMatch(/✓ Packages \([\d.]+ s\)[^]*✓ Web app \([\d.]+ s\)[^]*✓ Database/);
    expect(first.output()).toContain(`Roadbed is at http://localhost:${port}`);
    const page = await fetch(`http://127.0.0.1:${port}/`, { headers: { accept: "text/html" } });
    expect(page.status).toBe(200);
    expect(await page.text()).toMatch(/<div id="root">[^]*<\/html>/);
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  });

  test("prints a link that signs in once, and not twice", async () => {
    link = /Sign in with this link, once: (\S+)/.exec(first.output())?.[1] ?? "";
    const once = await fetch(link, { redirect: "manual" });
    const cookie = once.headers.getSetCookie().find((each) => each.startsWith("roadbed_session="));
    expect(cookie, await once.text()).toBeDefined();
    expect((await meBy({ cookie: cookie?.split(";")[0] ?? "" })).status).toBe(200);
    const twice = await fetch(link, { redirect: "manual" });
    expect(twice.headers.getSetCookie().filter((each) => /^roadbed_session=[^;]/.test(each))).toEqual([]);
  });

  test("writes an administrator's token that only its owner reads", async () => {
    expect(statSync(tokenFile).mode & 0o777).toBe(0o600);
    expect((await meBy({ authorization: `Bearer ${token()}` })).status).toBe(200);
  });

  test("a second start on the same data folder is refused and names who has it", async () => {
    const second = npmStart({ port: await freePort() });
    expect(await second.ended).toBe(1);
    expect(second.output()).toMatch(/Another Roadbed \(process \d+\) uses the data folder .* and answers at http/);
    expect(second.output()).toContain("--data DIR");
  });

  test("SIGTERM ends it with 0 and leaves no process", async () => {
    first.child.kill("SIGTERM");
    expect(await first.ended, first.output()).toBe(0);
    await expect.poll(() => processesOf(folder), { timeout: 10_000 }).toEqual([]);
  });

  test("a second start has nothing to prepare, and the administrator's token stays", async () => {
    const before = token();
    const second = npmStart();
    await second.ready();
    expect(second.output()).not.toMatch(/Packages|Web app|Node 24/);
    expect(token()).toBe(before);
    expect((await meBy({ authorization: `Bearer ${before}` })).status).toBe(200);
    await second.stop();
  });

  test("SIGTERM while it starts ends it with 0 too", async () => {
    const early = npmStart();
    await expect
      .poll(() => processesOf(folder).some(({ command }) => command.includes("apps/server/src/main.ts")), { timeout: 20_000 })
      .toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 400));
    early.child.kill("SIGTERM");
    expect(await early.ended, early.output()).toBe(0);
    await expect.poll(() => processesOf(folder), { timeout: 10_000 }).toEqual([]);
  });

  test("a port that was asked for and is taken is refused, with one that is free", async () => {
    const holder = await hold(port);
    try {
      const refused = npmStart();
      expect(await refused.ended).toBe(1);
      expect(refused.output()).toMatch(new RegExp(`Port ${port} is taken\\.[^]*npm start -- --port \\d+`));
    } finally {
      holder.close();
    }
  });

  test("help and a wrong flag are answered at once", async () => {
    const help = npmStart({ args: ["--help"] });
    expect(await help.ended).toBe(0);
    expect(help.output()).toContain("--admin-token-file");
    const wrong = npmStart({ args: ["--prot", "1"] });
    expect(await wrong.ended).toBe(2);
    expect(wrong.output()).toContain("no flag --prot");
  });
});

interface Start {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  output(): string;
  /** Waits until every part is ready; throws with the output when it ends or takes too long. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

function npmStart(o: { port?: number; args?: readonly string[] } = {}): Start {
  const at = o.port ?? port;
  const args = o.args ?? ["--port", String(at), "--data", dataDir, "--empty", "--no-open", "--admin-token-file", tokenFile];
  const child = spawn("npm", ["start", "--", ...args], { cwd: clone, stdio: ["ignore", "pipe", "pipe"], env: strangersEnvironment() });
  started.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return {
    child,
    ended,
    output: () => output,
    async ready() {
      const until = Date.now() + 240_000;
      while (
        (await fetch(`http://127.0.0.1:${at}/readyz`).catch(() => undefined))?.status !== 200 ||
        !output.includes("Ctrl-C stops it.")
      ) {
        if (!isRunning(child)) throw new Error(`npm start ended with ${child.exitCode ?? child.signalCode}:\n${output}`);
        if (Date.now() > until) throw new Error(`not ready in time:\n${output}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    async stop() {
      child.kill("SIGTERM");
      expect(await ended, output).toBe(0);
    },
  };
}

/** Without what the test run itself set: no stores of its own, none of npm's variables, the clone's own choices. */
function strangersEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(?:VITEST|ROADBED_|NODE_|DATABASE_URL|CLICKHOUSE_|npm_(?!config_(?:cache|registry|userconfig)$))/.test(name),
    ),
  );
}

function meBy(headers: Record<string, string>): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}/api/v1/me`, { headers });
}

function token(): string {
  return readFileSync(tokenFile, "utf8").trim();
}

/** Processes whose command or working folder is under `path`; none where the system has no /proc. */
function processesOf(path: string): { pid: number; command: string }[] {
  return listProc().flatMap((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      return command.includes(path) || readlinkSync(`/proc/${pid}/cwd`).startsWith(path) ? [{ pid, command }] : [];
    } catch {
      return []; // it ended meanwhile
    }
  });
}

function listProc(): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid);
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

function hold(at: number): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer().listen(at, "127.0.0.1", () => resolve(server));
  });
}

async function freePort(): Promise<number> {
  const server = await hold(0);
  const { port: found } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return found;
}
