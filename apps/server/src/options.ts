import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";

import { examine, InvalidError } from "@roadbed/core";
import { z } from "zod";

/** What a start can be told, by flag or by `ROADBED_*` variable; a flag wins. */
export interface ServerOptions {
  readonly port: number;
  /** True when the port was asked for: then another one is never taken in its place. */
  readonly portChosen: boolean;
  readonly host: string;
  readonly dataDir: string;
  readonly empty: boolean;
  readonly open: boolean;
  readonly adminTokenFile: string | undefined;
  /** How people reach the server, where a proxy stands in front. */
  readonly publicUrl: string | undefined;
  readonly databaseUrl: string | undefined;
  /** True where the environment names a proxy for what goes out: it looks up names itself. */
  readonly proxied: boolean;
  /** Seals what runs are given; the same on all servers that share a database. */
  readonly secretKey: Buffer | undefined;
  /** The mail server that notices are sent by, and as whom. */
  readonly mail: { readonly url: string; readonly from: string } | undefined;
  readonly clickhouse:
    | { readonly url: string; readonly database: string; readonly username?: string; readonly password?: string; readonly cluster?: string }
    | undefined;
  readonly oidc:
    | {
        readonly issuer: string;
        readonly clientId: string;
        readonly clientSecret: string;
        readonly label: string;
        readonly adminGroups: readonly string[];
      }
    | undefined;
}

/** The list of flags, also printed by the bootstrap before anything is installed. */
export const USAGE = readFileSync(new URL("usage.txt", import.meta.url), "utf8");

const DEFAULT_PORT = 4400;
const Flag = z.stringbool().optional();
const SecretKey = z
  .string()
  .regex(/^[0-9a-f]{64}$/i, "must be 64 hexadecimal digits, e.g. of openssl rand -hex 32")
  .transform((hex) => Buffer.from(hex, "hex"))
  .optional();
const Port = z.coerce.number("must be a number").int().min(0, "must be at least 0").max(65_535, "must be at most 65535");

/** Reads flags and variables; throws `InvalidError` that names the wrong one. `root` is the clone. */
export function readOptions(argv: readonly string[], variables: NodeJS.ProcessEnv, root: string): ServerOptions | "help" {
  // A variable that is set to nothing is not set: compose files and CI pass them on like that.
  const env = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ""));
  const flags = parseFlags(argv);
  if (flags.help === true) return "help";
  const port = flags.port ?? env["ROADBED_PORT"];
  const issuer = env["ROADBED_OIDC_ISSUER"];
  return {
    port: port === undefined ? DEFAULT_PORT : parse("--port", Port, port),
    portChosen: port !== undefined,
    host: flags.host ?? env["ROADBED_HOST"] ?? "127.0.0.1",
    dataDir: resolved(flags.data) ?? resolved(env["ROADBED_DATA"]) ?? `${root}/.roadbed`,
    empty: flags.empty ?? parse("ROADBED_EMPTY", Flag, env["ROADBED_EMPTY"]) ?? false,
    open: !(flags["no-open"] ?? parse("ROADBED_NO_OPEN", Flag, env["ROADBED_NO_OPEN"]) ?? false),
    adminTokenFile: resolved(flags["admin-token-file"] ?? env["ROADBED_ADMIN_TOKEN_FILE"]),
    publicUrl: parse(
      "--public-url",
      z
        .url()
        .transform((url) => url.replace(/\/+$/, ""))
        .optional(),
      flags["public-url"] ?? env["ROADBED_PUBLIC_URL"],
    ),
    databaseUrl: env["DATABASE_URL"],
    proxied: ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"].some((name) => env[name] !== undefined),
    secretKey: parse("ROADBED_SECRET_KEY", SecretKey, env["ROADBED_SECRET_KEY"]),
    mail: mailFrom(env),
    clickhouse: clickhouseFrom(env),
    oidc:
      issuer === undefined
        ? undefined
        : {
            issuer: parse("ROADBED_OIDC_ISSUER", z.url(), issuer),
            clientId: parse("ROADBED_OIDC_CLIENT_ID", z.string().min(1), env["ROADBED_OIDC_CLIENT_ID"]),
            clientSecret: parse("ROADBED_OIDC_CLIENT_SECRET", z.string().min(1), env["ROADBED_OIDC_CLIENT_SECRET"]),
            label: env["ROADBED_OIDC_LABEL"] ?? "Single sign-on",
            adminGroups: (env["ROADBED_OIDC_ADMIN_GROUPS"] ?? "").split(",").filter((group) => group !== ""),
          },
  };
}

function parseFlags(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        port: { type: "string" },
        host: { type: "string" },
        data: { type: "string" },
        empty: { type: "boolean" },
        "no-open": { type: "boolean" },
        "admin-token-file": { type: "string" },
        "public-url": { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    throw new InvalidError(error instanceof Error ? error.message : String(error), { mend: "npm start -- --help lists the options." });
  }
}

function mailFrom(env: NodeJS.ProcessEnv): ServerOptions["mail"] {
  const url = parse(
    "ROADBED_SMTP_URL",
    z.url({ protocol: /^smtps?$/, error: "must be smtp://host:port or smtps://host:port" }).optional(),
    env["ROADBED_SMTP_URL"],
  );
  if (url === undefined) return undefined;
  return { url, from: parse("ROADBED_MAIL_FROM", z.string("must be set with ROADBED_SMTP_URL").min(3), env["ROADBED_MAIL_FROM"]) };
}

function clickhouseFrom(env: NodeJS.ProcessEnv): ServerOptions["clickhouse"] {
  const url = env["CLICKHOUSE_URL"];
  if (url === undefined || url === "") return undefined;
  return {
    url: parse("CLICKHOUSE_URL", z.url(), url),
    database: env["CLICKHOUSE_DATABASE"] ?? "roadbed",
    ...(env["CLICKHOUSE_USER"] === undefined ? {} : { username: env["CLICKHOUSE_USER"] }),
    ...(env["CLICKHOUSE_PASSWORD"] === undefined ? {} : { password: env["CLICKHOUSE_PASSWORD"] }),
    ...(env["CLICKHOUSE_CLUSTER"] === undefined ? {} : { cluster: env["CLICKHOUSE_CLUSTER"] }),
  };
}

function parse<T>(name: string, schema: z.ZodType<T>, value: unknown): T {
  const { value: option, faults } = examine(schema, value);
  if (faults === undefined) return option;
  const reason = faults[0]?.reason ?? "is not right";
  const mend = faults[0]?.mend ?? "npm start -- --help lists the options.";
  throw new InvalidError(`${name}: ${reason}`, { problems: [{ at: name, reason }], mend });
}

function resolved(path: string | undefined): string | undefined {
  return path === undefined || path === "" ? undefined : resolve(path);
}
