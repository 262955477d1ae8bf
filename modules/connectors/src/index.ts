import type { Connector } from "@roadbed/contracts/connector";

import { apiDocumentsConnector } from "./api-documents/api-documents-connector.ts";
import { backstageConnector } from "./backstage/backstage-connector.ts";
import { bitbucketConnector } from "./bitbucket/bitbucket-connector.ts";
import { githubConnector } from "./github/github-connector.ts";
import { gitlabConnector } from "./gitlab/gitlab-connector.ts";
import { httpConnector } from "./http/http-connector.ts";
import { jiraConnector } from "./jira/jira-connector.ts";
import { kafkaConnector } from "./kafka/kafka-connector.ts";
import { kubernetesConnector } from "./kubernetes/kubernetes-connector.ts";
import { accessOf, KubernetesSettings, type Access } from "./kubernetes/settings.ts";
import { ldapConnector } from "./ldap/ldap-connector.ts";
import { linearConnector } from "./linear/linear-connector.ts";
import { openLineageConnector } from "./openlineage/openlineage-connector.ts";
import { opsgenieConnector } from "./opsgenie/opsgenie-connector.ts";
import { pagerdutyConnector } from "./pagerduty/pagerduty-connector.ts";
import { prometheusConnector } from "./prometheus/prometheus-connector.ts";
import { scimConnector } from "./scim/scim-connector.ts";
import { terraformConnector } from "./terraform/terraform-connector.ts";

/** Every system that can be connected. */
export const connectors: readonly Connector[] = [
  apiDocumentsConnector,
  backstageConnector,
  bitbucketConnector,
  githubConnector,
  gitlabConnector,
  httpConnector,
  jiraConnector,
  kafkaConnector,
  kubernetesConnector,
  ldapConnector,
  linearConnector,
  openLineageConnector,
  opsgenieConnector,
  pagerdutyConnector,
  prometheusConnector,
  scimConnector,
  terraformConnector,
];

/** Where a connected cluster answers, and as whom it is asked; by the settings of its source. */
export function clusterAccess(settings: unknown): Access {
  return accessOf(KubernetesSettings.parse(settings));
}
