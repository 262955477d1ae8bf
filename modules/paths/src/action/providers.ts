/** Who provides actions that Roadbed does not have: the id or its beginning, what it comes from, and what may stand in its place. */
const KNOWN: readonly (readonly [start: string, from: string, instead?: string])[] = [
  ["publish:azure", "@backstage/plugin-scaffolder-backend-module-azure (Azure DevOps)", "publish:github, publish:gitlab or publish:git"],
  ["azure:", "an Azure DevOps module of the scaffolder"],
  [
    "publish:bitbucketServer",
    "@backstage/plugin-scaffolder-backend-module-bitbucket-server",
    "publish:github, publish:gitlab or publish:git",
  ],
  ["publish:bitbucket", "@backstage/plugin-scaffolder-backend-module-bitbucket-cloud", "publish:github, publish:gitlab or publish:git"],
  ["bitbucket:", "@backstage/plugin-scaffolder-backend-module-bitbucket-cloud"],
  ["publish:gerrit", "@backstage/plugin-scaffolder-backend-module-gerrit", "publish:git"],
  ["publish:gitea", "@backstage/plugin-scaffolder-backend-module-gitea", "publish:git"],
  [
    "fetch:rails",
    "@backstage/plugin-scaffolder-backend-module-rails, which runs `rails new` in a container",
    "fetch:template with a ready skeleton",
  ],
  ["notification:", "@backstage/plugin-scaffolder-backend-module-notifications", "notification:send"],
  ["confluence:", "@backstage/plugin-scaffolder-backend-module-confluence-to-markdown"],
  ["sentry:", "@backstage/plugin-scaffolder-backend-module-sentry", "http:backstage:request to a named connection"],
  ["run:yeoman", "@backstage/plugin-scaffolder-backend-module-yeoman, which runs Yeoman", "fetch:template with a ready skeleton"],
  ["gcp:", "@backstage/plugin-scaffolder-backend-module-gcp"],
  ["github:", "@backstage/plugin-scaffolder-backend-module-github"],
  ["gitlab:", "@backstage/plugin-scaffolder-backend-module-gitlab"],
  ["roadiehq:aws:", "@roadiehq/scaffolder-backend-module-aws"],
  ["roadiehq:utils:", "@roadiehq/scaffolder-backend-module-utils"],
  ["http:", "@roadiehq/scaffolder-backend-module-http-request", "http:backstage:request"],
  ["argocd:", "@roadiehq/backstage-plugin-argo-cd-backend"],
  ["kubernetes:", "a Kubernetes module of the scaffolder", "manifests in the repository, brought in by Argo CD or Flux"],
  ["terraform:", "a Terraform module of the scaffolder", "roadbed:terraform"],
  ["servicenow:", "@backstage-community/plugin-scaffolder-backend-module-servicenow", "http:backstage:request to a named connection"],
  ["jenkins:", "a Jenkins module of the scaffolder", "http:backstage:request to a named connection"],
  ["jira:", "a Jira module of the scaffolder", "http:backstage:request to a named connection"],
  ["slack:", "a Slack module of the scaffolder", "http:backstage:request to a named connection"],
  ["fetch:", "a fetch module of the scaffolder", "fetch:template or fetch:plain"],
  ["publish:", "a publish module of the scaffolder", "publish:git, publish:github or publish:gitlab"],
];

/** What provides an action, and what could be used instead; undefined for a name nobody knows. */
export function providerOf(action: string): { readonly from: string; readonly instead?: string } | undefined {
  const [, from, instead] = KNOWN.find(([start]) => action.startsWith(start)) ?? [];
  return from === undefined ? undefined : { from, ...(instead === undefined ? {} : { instead }) };
}
