/** A name an entity may have, from any text: lower case, dashes between words, at most 63 characters; "" when nothing is left. */
export function nameFrom(text: string): string {
  return text
    .normalize("NFKD")
    .replaceAll(/\p{Mark}/gu, "")
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replaceAll(/[^a-z0-9_.]+/g, "-")
    .slice(0, 63)
    .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, "");
}

/** The last part of a package's name: `@shop/orders`, `github.com/shop/orders/v2`, `com.example:orders` are all `orders`. */
export function tailOf(name: string): string {
  const parts = name.split(/[/:]/).filter((part) => part !== "" && !/^v\d+$/.test(part));
  return nameFrom(parts.at(-1) ?? "");
}

/** The last part of an image's name, without tag and digest. */
export function imageTail(image: string): string {
  return nameFrom(
    image
      .replace(/@.*$/, "")
      .replace(/:[^/]*$/, "")
      .split("/")
      .at(-1) ?? "",
  );
}

/** Words that say what something is, not which. */
const GENERIC = new Set([
  "app",
  "application",
  "api",
  "server",
  "service",
  "backend",
  "frontend",
  "web",
  "main",
  "src",
  "core",
  "client",
  "ui",
  "root",
  "monorepo",
  "workspace",
  "project",
  "my-app",
  "worker",
  "db",
  "database",
  "default",
  "config",
  "common",
  "deploy",
  "docker",
  "code",
  "cmd",
]);

export function isGeneric(name: string): boolean {
  return name === "" || GENERIC.has(name);
}

/** How teams are compared: `@shop/team-payments`, `Payments Team` and `payments` are the same. */
export function teamKey(name: string): string {
  return nameFrom(name.replace(/^@/, "").split("/").at(-1) ?? "")
    .replace(/^(?:team|squad|group|guild)-/, "")
    .replace(/-(?:team|squad|group|guild|devs?|engineers?|maintainers?|owners?|admins?)$/, "");
}
