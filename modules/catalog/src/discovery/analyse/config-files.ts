import type { Analyser, Setting } from "../finding.ts";
import { settingOf } from "./settings.ts";
import { matchLines } from "./text.ts";

/** Settings beside the code: `.env.example`, `application.yml`, `application.properties`, `appsettings.json`, `config/*.yaml`. */
export const configFiles: Analyser = {
  name: "configuration",
  matches: (path, base) =>
    /^\.env(?:\.(?:example|sample|template|dist|defaults?))$|^application(?:-[\w]+)?\.(?:ya?ml|properties)$|^bootstrap\.ya?ml$|^appsettings(?:\.\w+)?\.json$/.test(
      base,
    ) || /(?:^|\/)config\/[\w.-]+\.(?:ya?ml|json|toml)$/.test(path),
  read({ path: file, dir, text }) {
    const settings: Setting[] = [];
    for (const { line, match } of matchLines(text, /^\s*(?:export\s+)?["']?([A-Za-z][\w.-]*)["']?\s*[:=]\s*["']?([^\s"',]+)["']?,?\s*$/)) {
      // `${PAYMENTS_URL:http://payments:8080}`: what stands when nothing is set.
      const value = /^\$\{[\w.]+:-?([^}]+)\}$/.exec(match[2]!)?.[1] ?? match[2]!;
      const setting = settingOf(match[1]!, value, { file, line });
      if (setting) settings.push(setting);
    }
    // Source trees keep these files deep down: they belong to the folder that is built.
    const home = dir.replace(/(?:^|\/)(?:src\/main\/resources|src|config|conf)$/, "");
    return settings.length === 0 ? [] : [{ type: "settings", file, line: settings[0]!.line, dir: home, settings: settings.slice(0, 100) }];
  },
};
