import { createServer, type AddressInfo, type Server } from "node:net";

import { afterEach, expect, test } from "vitest";

import { findPort, nextFree } from "./find-port.ts";

const held: Server[] = [];
afterEach(() => held.splice(0).forEach((server) => server.close()));

async function holdPort(): Promise<number> {
  const server = createServer();
  held.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

test("a taken port is passed over, unless it was asked for: then a free one is offered", async () => {
  const taken = await holdPort();
  const found = await findPort(taken, "127.0.0.1", false);
  expect(found).toBeGreaterThan(taken);
  await expect(findPort(taken, "127.0.0.1", true)).rejects.toMatchObject({ code: "CONFLICT", mend: expect.stringMatching(/--port \d+$/) });
});

test("any port stays any port", async () => {
  expect(await findPort(0, "127.0.0.1", true)).toBe(0);
});

test("an address that this machine does not have is told as that", async () => {
  await expect(nextFree(4400, "192.0.2.1")).rejects.toMatchObject({ code: "INVALID", message: "This machine has no address 192.0.2.1." });
});
