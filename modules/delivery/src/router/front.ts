import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { createServer, type Server, type Socket } from "node:net";

/** What a client that speaks HTTP/2 without asking first begins with. No method of HTTP/1.1 begins with these letters. */
const PREFACE = "PRI * HTTP/2.0";
const FIRST_BYTES_MS = 60_000;

export interface Front {
  readonly server: Server;
  close(): Promise<void>;
}

/**
 * One port for HTTP/1.1 (with whatever it upgrades to) and HTTP/2 without encryption (h2c by prior knowledge): the first bytes of a connection
 * say which it is. Node's servers take connections that they did not accept themselves by their event `connection`.
 */
export function createFront(plain: HttpServer, answer: (request: IncomingMessage, response: ServerResponse) => void): Front {
  const sockets = new Set<Socket>();
  const h2 = createHttp2Server({ settings: { maxConcurrentStreams: 250 } });
  // The compatible interface has what the router uses of a request and an answer; where the two differ, proxy.ts looks at the version.
  h2.on("request", (request, response) => answer(request as unknown as IncomingMessage, response as unknown as ServerResponse));
  h2.on("sessionError", () => {});
  // A server that does not listen itself would not watch over headers that never end.
  plain.emit("listening");
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.once("error", () => socket.destroy());
    socket.setTimeout(FIRST_BYTES_MS, () => socket.destroy());
    whenBegun(socket, Buffer.alloc(0), (isHttp2) => {
      socket.setTimeout(0);
      socket.removeAllListeners("timeout");
      (isHttp2 ? h2 : plain).emit("connection", socket);
      // An HTTP/2 session reads by itself, from below.
      if (!isHttp2) socket.resume();
    });
  });
  return {
    server,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      plain.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Puts back what it read. */
function whenBegun(socket: Socket, before: Buffer, then: (isHttp2: boolean) => void): void {
  socket.once("data", (chunk: Buffer) => {
    socket.pause();
    const seen = before.length === 0 ? chunk : Buffer.concat([before, chunk]);
    const begin = seen.toString("latin1", 0, PREFACE.length);
    if (seen.length < PREFACE.length && PREFACE.startsWith(begin)) {
      socket.resume();
      return whenBegun(socket, seen, then);
    }
    socket.unshift(seen);
    then(begin === PREFACE);
  });
}
