import { parseYaml } from "../../descriptor/parse-yaml.ts";
import type { Analyser, Finding } from "../finding.ts";
import { settingsOf } from "./settings.ts";
import { isRecord, textOf } from "./text.ts";

/** `Chart.yaml`: a chart deploys something, usually under its own name. Library charts deploy nothing. */
export const chart: Analyser = {
  name: "Helm chart",
  matches: (_, base) => base === "Chart.yaml",
  read({ path: file, text }) {
    const [parsed] = parseYaml(text);
    if (!parsed || "unreadable" in parsed || !isRecord(parsed.document.value)) return [];
    const { value } = parsed.document;
    const name = textOf(value.name);
    if (name === undefined || value.type === "library") return [];
    return [{ type: "workload", file, line: parsed.document.lineOf(["name"]), kind: "Chart", name, labels: {}, images: [], settings: [] }];
  },
};

/** `values.yaml` beside a chart: the image and the addresses that it sets. */
export const chartValues: Analyser = {
  name: "Helm values",
  matches: (_, base) => /^values(?:[.-][\w.-]+)?\.ya?ml$/.test(base),
  read({ path: file, dir, text }) {
    const [parsed] = parseYaml(text);
    if (!parsed || "unreadable" in parsed || !isRecord(parsed.document.value)) return [];
    const { document } = parsed;
    const value = parsed.document.value;
    const image = isRecord(value.image) ? textOf(value.image.repository) : textOf(value.image);
    const settings = ["env", "extraEnv", "environment", "config"].flatMap((field) =>
      settingsOf(value[field], file, (path) => document.lineOf([field, ...path])),
    );
    const found: Finding[] = [];
    if (settings.length > 0) found.push({ type: "settings", file, line: settings[0]!.line, dir, settings });
    if (image !== undefined && /^[\w.:/-]+$/.test(image)) {
      const line = document.lineOf(["image", "repository"]);
      // A chart calls itself what its Chart.yaml says; this only adds which image it runs.
      found.push({ type: "workload", file, line, kind: "Chart", name: "", labels: {}, images: [{ name: image, line }], settings: [] });
    }
    return found;
  },
};
