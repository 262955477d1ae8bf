import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

import { handOver, type Account } from "./account.ts";
import { portOf, type Layout } from "./layout.ts";

/** The socket is the supervisor's. By TCP nobody is the superuser, and a role reaches no database but the one of its name. */
const RULES = `# Written by Roadbed at each start.
local all postgres trust
local all all reject
host all postgres all reject
host replication all all reject
host sameuser all 127.0.0.1/32 scram-sha-256
host all all all reject
`;

/** Settings by which a server that has not begun yet listens at 127.0.0.1; none for one that is reached by its socket only. */
export async function openTcpDoor(layout: Layout, account: Account | undefined): Promise<Readonly<Record<string, string>>> {
  if (layout.portFile === undefined) return {};
  const rules = join(layout.cluster, "pg_hba.conf");
  writeFileSync(rules, RULES, { mode: 0o600 });
  handOver(account, rules);
  const noted = portOf(layout);
  const port = noted !== undefined && (await isFree(noted)) ? noted : await freePort();
  writeFileSync(layout.portFile, `${port}\n`);
  return { listen_addresses: "127.0.0.1", port: String(port), password_encryption: "scram-sha-256" };
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
