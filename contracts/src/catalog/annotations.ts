/** Well-known annotations of descriptors, and the pages they lead to. Pure, so that pages and faces share it. */

/** Where an annotation leads. Without `url` it says that something is connected, but not on which host. */
export interface AnnotationLink {
  readonly annotation: string;
  readonly title: string;
  readonly value: string;
  readonly url?: string;
}

interface Rule {
  readonly annotation: string;
  readonly title: string;
  /** The page; undefined when the value is not of the form that has one. Absent: no page can be known from the value alone. */
  readonly url?: (value: string, annotations: Annotations) => string | undefined;
}

type Annotations = Readonly<Record<string, string>>;

/** Makes an address of parts that hold slashes themselves, e.g. `acme/orders`: as many as there must be, or more with `more`. */
function parts(value: string, count: number, more = false): string[] | undefined {
  const found = value.trim().split("/");
  const fits = more ? found.length >= count : found.length === count;
  return fits && found.every((part) => part !== "" && part !== "." && part !== "..") ? found.map(encodeURIComponent) : undefined;
}

const at =
  (base: string, count: number, more = false) =>
  (value: string): string | undefined => {
    const found = parts(value, count, more);
    return found && `${base}${found.join("/")}`;
  };

/** An address as it stands, or behind `url:`. */
const address = (value: string): string | undefined => {
  const url = URL.parse(value.trim().replace(/^url:/, ""));
  return url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "" ? url.href : undefined;
};

const RULES: readonly Rule[] = [
  { annotation: "backstage.io/view-url", title: "Descriptor", url: address },
  { annotation: "backstage.io/edit-url", title: "Edit the descriptor", url: address },
  { annotation: "backstage.io/source-location", title: "Source", url: address },
  {
    annotation: "backstage.io/techdocs-ref",
    title: "Documentation's source",
    url: (value) => (value.startsWith("url:") ? address(value) : undefined),
  },
  { annotation: "github.com/project-slug", title: "GitHub", url: at("https://github.com/", 2) },
  {
    annotation: "github.com/team-slug",
    title: "GitHub team",
    url: (value) => {
      const [organisation, team] = parts(value, 2) ?? [];
      return organisation === undefined ? undefined : `https://github.com/orgs/${organisation}/teams/${team}`;
    },
  },
  { annotation: "github.com/user-login", title: "GitHub", url: at("https://github.com/", 1) },
  {
    annotation: "gitlab.com/project-slug",
    title: "GitLab",
    url: (value, { "gitlab.com/instance": instance = "gitlab.com" }) =>
      /^[\w.-]+(?::\d+)?$/.test(instance) ? at(`https://${instance}/`, 2, true)(value) : undefined,
  },
  { annotation: "bitbucket.org/project-slug", title: "Bitbucket", url: at("https://bitbucket.org/", 2) },
  {
    annotation: "dev.azure.com/project-repo",
    title: "Azure DevOps",
    url: (value, { "dev.azure.com/host-org": host }) => {
      const [project, repository] = parts(value, 2) ?? [];
      const organisation = host === undefined ? undefined : parts(host.split("/").at(-1)!, 1)?.[0];
      return project === undefined || organisation === undefined
        ? undefined
        : `https://dev.azure.com/${organisation}/${project}/_git/${repository}`;
    },
  },
  { annotation: "circleci.com/project-slug", title: "CircleCI", url: at("https://app.circleci.com/pipelines/", 3) },
  { annotation: "jenkins.io/job-full-name", title: "Jenkins job" },
  { annotation: "pagerduty.com/service-id", title: "PagerDuty", url: at("https://app.pagerduty.com/service-directory/", 1) },
  { annotation: "opsgenie.com/component-selector", title: "Opsgenie" },
  { annotation: "opsgenie.com/team", title: "Opsgenie team" },
  { annotation: "jira/project-key", title: "Jira project" },
  {
    annotation: "sentry.io/project-slug",
    title: "Sentry",
    url: (value) => {
      const [organisation, project] = parts(value, 2) ?? [];
      return organisation !== undefined && /^[a-z0-9-]+$/i.test(organisation)
        ? `https://${organisation}.sentry.io/projects/${project}/`
        : undefined;
    },
  },
  { annotation: "rollbar.com/project-slug", title: "Rollbar", url: at("https://rollbar.com/", 2) },
  { annotation: "snyk.io/org-name", title: "Snyk", url: at("https://app.snyk.io/org/", 1) },
  { annotation: "sonarqube.org/project-key", title: "SonarQube" },
  { annotation: "datadoghq.com/dashboard-url", title: "Datadog dashboard", url: address },
  { annotation: "lighthouse.com/website-url", title: "Lighthouse", url: address },
  { annotation: "grafana/dashboard-selector", title: "Grafana dashboards" },
  { annotation: "argocd/app-name", title: "Argo CD application" },
  { annotation: "argocd/app-selector", title: "Argo CD applications" },
  { annotation: "backstage.io/kubernetes-id", title: "Kubernetes" },
  { annotation: "backstage.io/kubernetes-label-selector", title: "Kubernetes labels" },
  { annotation: "backstage.io/kubernetes-namespace", title: "Kubernetes namespace" },
  { annotation: "vault.io/secrets-path", title: "Vault" },
];

/** What the annotations of an entity lead to, in the order of the table; what is not known is left out. */
export function linksOfAnnotations(annotations: Annotations | undefined): AnnotationLink[] {
  if (annotations === undefined) return [];
  return RULES.flatMap(({ annotation, title, url }) => {
    const value = Object.hasOwn(annotations, annotation) ? annotations[annotation] : undefined;
    if (typeof value !== "string" || value.trim() === "") return [];
    const page = url?.(value, annotations);
    // A value that has no page where others have one says nothing that could be followed.
    if (url !== undefined && page === undefined) return [];
    return [{ annotation, title, value, ...(page === undefined ? {} : { url: page }) }];
  });
}
