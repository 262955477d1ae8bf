import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where the parts of one embedded server lie. `cluster` is what Postgres calls its data directory. */
export interface Layout {
  readonly home: string;
  readonly cluster: string;
  readonly socketDir: string;
  readonly logFile: string;
  /** Who started it and may stop it. */
  readonly ownerFile: string;
  /** Held while one process decides whether to adopt, mend or start. */
  readonly lockFile: string;
  /** Space held back for the day the disk is full. */
  readonly ballastFile: string;
  /** Where the port is noted at which programs of this machine reach it by TCP; absent for a server that is reached by its socket only. */
  readonly portFile?: string;
}

/** A socket's path has 107 bytes on Linux and 103 on macOS; the file name and `.lock` take part of them. */
const LONGEST_SOCKET_DIR = 103 - "/.s.PGSQL.65535.lock".length;

/** Lays the folders out under `dataDir`; the socket moves to a short temporary folder, noted in `socket-dir`, when the path is long. */
export function layOut(dataDir: string, o: { readonly tcp?: boolean } = {}): Layout {
  mkdirSync(dataDir, { recursive: true });
  const home = realpathSync(dataDir);
  return {
    home,
    cluster: join(home, "cluster"),
    socketDir: socketFolder(home),
    logFile: join(home, "postgres.log"),
    ownerFile: join(home, "owner"),
    lockFile: join(home, "start.lock"),
    ballastFile: join(home, "ballast"),
    ...(o.tcp === true || existsSync(join(home, "port")) ? { portFile: join(home, "port") } : {}),
  };
}

/** The port it listens at by TCP; a server without one is named 5432, as its socket is. */
export function portOf({ portFile }: Layout): number | undefined {
  const noted = portFile !== undefined && existsSync(portFile) ? Number.parseInt(readFileSync(portFile, "utf8"), 10) : undefined;
  return noted !== undefined && noted > 0 ? noted : undefined;
}

/** The address of a database of this server. The host before the `?` is a filler that some URL parsers insist on. */
export function urlOf(layout: Layout, database: string): string {
  const port = portOf(layout);
  return `postgresql://postgres@localhost${port === undefined ? "" : `:${port}`}/${database}?host=${encodeURIComponent(layout.socketDir)}`;
}

function socketFolder(home: string): string {
  const near = join(home, "run");
  if (Buffer.byteLength(near) <= LONGEST_SOCKET_DIR) {
    mkdirSync(near, { recursive: true, mode: 0o700 });
    return near;
  }
  const note = join(home, "socket-dir");
  const noted = existsSync(note) ? readFileSync(note, "utf8").trim() : "";
  if (noted !== "" && existsSync(noted) && statSync(noted).isDirectory()) return noted;
  const short = mkdtempSync(join(Buffer.byteLength(tmpdir()) < 60 ? tmpdir() : "/tmp", "roadbed-pg-"));
  writeFileSync(note, `${short}\n`);
  return short;
}
