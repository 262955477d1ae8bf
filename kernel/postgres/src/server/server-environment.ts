/** The server inherits nothing of ours but what it needs: no secrets, one language for its messages, one time zone. */
export function serverEnvironment(): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LANG: "C", LC_ALL: "C", TZ: "UTC", PGTZ: "UTC" };
}
