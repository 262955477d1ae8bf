import type { Analyser, PipelineFinding } from "../finding.ts";
import { lineMatching, matchLines } from "./text.ts";

const SYSTEMS: readonly [RegExp, PipelineFinding["system"]][] = [
  [/^\.github\/workflows\/[^/]+\.ya?ml$/, "GitHub Actions"],
  [/^\.gitlab-ci\.ya?ml$/, "GitLab CI"],
  [/(?:^|\/)Jenkinsfile(?:\.\w+)?$/, "Jenkins"],
  [/^\.circleci\/config\.ya?ml$/, "CircleCI"],
  [/^azure-pipelines\.ya?ml$/, "Azure Pipelines"],
];

const DEPLOYS =
  /kubectl\s+(?:apply|rollout|set)|helm\s+(?:upgrade|install)|argocd\s+app|flyctl\s+deploy|gcloud\s+run\s+deploy|aws\s+ecs\s+update-service|terraform\s+apply|kustomize\s+edit|^\s*environment\s*:|deploy-cloudrun|k8s-deploy/m;
const IMAGE =
  /(?:docker\s+(?:push|build\s+.*-t)\s+|^\s*(?:tags|images?)\s*:\s*["']?|IMAGE(?:_NAME)?\s*[:=]\s*["']?)((?:[\w.-]+\.[\w.-]+(?::\d+)?\/)?[\w.-]+\/[\w./-]+)/;

/** Pipelines: whether they deploy, and which images they push. Read line by line: their variables are known only when they run. */
export const pipelines: Analyser = {
  name: "pipeline",
  matches: (path) => SYSTEMS.some(([pattern]) => pattern.test(path)),
  read({ path: file, text }) {
    const system = SYSTEMS.find(([pattern]) => pattern.test(file))![1];
    const deploys = DEPLOYS.test(text);
    const images = [...matchLines(text, IMAGE)].map(({ line, match }) => ({ name: match[1]!, line }));
    return [{ type: "pipeline", file, line: deploys ? lineMatching(text, DEPLOYS) : 1, system, deploys, images: images.slice(0, 20) }];
  },
};
