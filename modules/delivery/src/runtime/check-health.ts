import { request } from "node:http";

const TIMEOUT_MS = 2_000;

/** Asks a process on this machine for its health. Answers undefined when it is healthy (2xx), else why not. */
export function checkHealth(port: number, path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const call = request(
      { host: "127.0.0.1", port, path, agent: false, timeout: TIMEOUT_MS, headers: { "user-agent": "roadbed-health" } },
      (answer) => {
        const status = answer.statusCode ?? 0;
        answer.resume();
        resolve(status >= 200 && status < 300 ? undefined : `${path} answered ${status}`);
      },
    );
    call.on("timeout", () => call.destroy(new Error(`${path} did not answer within ${TIMEOUT_MS / 1_000} s`)));
    call.on("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code === "ECONNREFUSED" ? `nothing listens on port ${port} (the process must listen on $PORT)` : error.message);
    });
    call.end();
  });
}
