import { posix } from "node:path";

import { parseYaml } from "../../descriptor/parse-yaml.ts";
import type { Analyser, ComposeFinding } from "../finding.ts";
import { settingsOf } from "./settings.ts";
import { isRecord, listOf, present, textOf } from "./text.ts";

/** Compose files: services, what they are built from or which image they run, what they wait for. */
export const compose: Analyser = {
  name: "docker-compose",
  matches: (_, base) => /^(?:docker-)?compose(?:\.[\w-]+)?\.ya?ml$/.test(base),
  read({ path: file, dir, text }) {
    const found: ComposeFinding[] = [];
    for (const parsed of parseYaml(text)) {
      if ("unreadable" in parsed || !isRecord(parsed.document.value) || !isRecord(parsed.document.value.services)) continue;
      const { document } = parsed;
      for (const [name, service] of Object.entries(parsed.document.value.services)) {
        if (!isRecord(service)) continue;
        const at = (...path: (string | number)[]): number => document.lineOf(["services", name, ...path]);
        const context = isRecord(service.build) ? textOf(service.build.context) : textOf(service.build);
        found.push({
          type: "compose",
          file,
          line: at(),
          name,
          ...present({ image: textOf(service.image), build: context === undefined ? undefined : inside(dir, context) }),
          ports: listOf(service.ports).flatMap(portOf),
          dependsOn: namesIn(service.depends_on).map((one, index) => ({
            name: one,
            line: at("depends_on", Array.isArray(service.depends_on) ? index : one),
          })),
          settings: settingsOf(service.environment, file, (path) => at("environment", ...path)),
        });
      }
    }
    return found;
  },
};

function inside(dir: string, path: string): string | undefined {
  const joined = posix.normalize(posix.join(dir, path)).replace(/\/$/, "");
  if (joined.startsWith("..") || path.includes("://")) return undefined;
  return joined === "." ? "" : joined;
}

function namesIn(dependsOn: unknown): string[] {
  if (isRecord(dependsOn)) return Object.keys(dependsOn);
  return listOf(dependsOn).filter((one) => typeof one === "string");
}

/** `127.0.0.1:8080:80/tcp` and `{ target: 80 }`: the port inside. */
function portOf(given: unknown): number[] {
  const text = isRecord(given) ? textOf(given.target) : textOf(given);
  const port = Number.parseInt(text?.split("/", 1)[0]?.split(":").at(-1) ?? "", 10);
  return port > 0 && port < 65_536 ? [port] : [];
}
