import { newId } from "@roadbed/core";
import type { Socket } from "node:net";

import { problemFor, type ProblemBody } from "../problem/problem.ts";

/** Answers a request that Node could not even read (its head is too large, too slow, or no HTTP) as every other error is answered. */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed) return;
  if (!socket.writable) return void socket.destroy();
  const problem = problemOf(error.code);
  const body = JSON.stringify(problem);
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${problem.title}`,
      "content-type: application/problem+json; charset=utf-8",
      `content-length: ${Buffer.byteLength(body)}`,
      "connection: close",
      "",
      body,
    ].join("\r\n"),
    () => socket.destroySoon(),
  );
}

function problemOf(code: string | undefined): ProblemBody {
  const requestId = newId("req");
  if (code === "HPE_HEADER_OVERFLOW")
    return problemFor("TOO_LARGE", requestId, {
      status: 431,
      title: "Head too large",
      detail: "The address and headers of the request are longer than 16 kB.",
      mend: "Send less in the query; long values travel in a body.",
    });
  if (code === "ERR_HTTP_REQUEST_TIMEOUT")
    return problemFor("INVALID", requestId, { status: 408, title: "Too slow", detail: "The request did not arrive in time." });
  return problemFor("INVALID", requestId, { title: "Not HTTP", detail: "What arrived is not an HTTP request." });
}
