import fc from "fast-check";
import { expect, test } from "vitest";

import { linksOfAnnotations } from "./annotations.ts";

test.each<[annotation: string, value: string, url: string | undefined]>([
  ["github.com/project-slug", "acme/orders", "https://github.com/acme/orders"],
  ["github.com/team-slug", "acme/core", "https://github.com/orgs/acme/teams/core"],
  ["github.com/user-login", "ada", "https://github.com/ada"],
  ["gitlab.com/project-slug", "group/sub/orders", "https://gitlab.com/group/sub/orders"],
  ["bitbucket.org/project-slug", "acme/orders", "https://bitbucket.org/acme/orders"],
  ["backstage.io/source-location", "url:https://github.com/acme/orders/tree/main/", "https://github.com/acme/orders/tree/main/"],
  ["backstage.io/view-url", "https://example.com/x", "https://example.com/x"],
  ["backstage.io/techdocs-ref", "url:https://example.com/docs", "https://example.com/docs"],
  ["circleci.com/project-slug", "github/acme/orders", "https://app.circleci.com/pipelines/github/acme/orders"],
  ["pagerduty.com/service-id", "P123", "https://app.pagerduty.com/service-directory/P123"],
  ["sentry.io/project-slug", "acme/orders", "https://acme.sentry.io/projects/orders/"],
  ["rollbar.com/project-slug", "acme/orders", "https://rollbar.com/acme/orders"],
  ["argocd/app-name", "orders", undefined],
  ["sonarqube.org/project-key", "orders", undefined],
  ["backstage.io/kubernetes-id", "orders", undefined],
])("%s: %s", (annotation, value, url) => {
  const [link] = linksOfAnnotations({ [annotation]: value });
  expect(link).toMatchObject({ annotation, value });
  expect(link?.url).toBe(url);
});

test("hosts of one's own are named by annotations beside it", () => {
  expect(linksOfAnnotations({ "gitlab.com/project-slug": "a/b", "gitlab.com/instance": "git.example.com" })).toMatchObject([
    { url: "https://git.example.com/a/b" },
  ]);
  expect(linksOfAnnotations({ "dev.azure.com/project-repo": "p/r", "dev.azure.com/host-org": "dev.azure.com/acme" })).toMatchObject([
    { url: "https://dev.azure.com/acme/p/_git/r" },
  ]);
});

test.each([
  ["github.com/project-slug", "only-one"],
  ["github.com/project-slug", "../.."],
  ["backstage.io/techdocs-ref", "dir:."],
  ["backstage.io/view-url", "javascript:alert(1)"],
  ["backstage.io/view-url", "https://ada:secret@example.com/"],
  ["sentry.io/project-slug", "evil.example.com#/x"],
  ["gitlab.com/project-slug", ""],
])("%s: %s leads nowhere", (annotation, value) => {
  expect(linksOfAnnotations({ [annotation]: value })).toEqual([]);
});

test("whatever stands in an annotation, a link goes to a page of the web", () => {
  const annotations = ["github.com/project-slug", "backstage.io/source-location", "gitlab.com/project-slug", "sentry.io/project-slug"];
  fc.assert(
    fc.property(fc.constantFrom(...annotations), fc.string(), fc.string(), (annotation, value, instance) => {
      for (const { url } of linksOfAnnotations({ [annotation]: value, "gitlab.com/instance": instance })) {
        expect(new URL(url!).protocol).toMatch(/^https?:$/);
        if (annotation === "github.com/project-slug") expect(new URL(url!).host).toBe("github.com");
      }
    }),
  );
});

test("no annotations, no links", () => {
  expect(linksOfAnnotations(undefined)).toEqual([]);
  expect(linksOfAnnotations({ "example.com/x": "y" })).toEqual([]);
});
