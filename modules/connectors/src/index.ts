import type { Connector } from "@roadbed/contracts/connector";

import { apiDocumentsConnector } from "./api-documents/api-documents-connector.ts";
import { backstageConnector } from "./backstage/backstage-connector.ts";
import { bitbucketConnector } from "./bitbucket/bitbucket-connector.ts";
import { githubConnector } from "./github/github-connector.ts";
import { gitlabConnector } from "./gitlab/gitlab-connector.ts";
import { httpConnector } from "./http/http-connector.ts";
import { pagerdutyConnector } from "./pagerduty/pagerduty-connector.ts";
import { kafkaConnector } from "./kafka/kafka-connector.ts";
import { kubernetesConnector } from "./kubernetes/kubernetes-connector.ts";
import { openLineageConnector } from "./openlineage/openlineage-connector.ts";
import { prometheusConnector } from "./prometheus/prometheus-connector.ts";
import { terraformConnector } from "./terraform/terraform-connector.ts";

/** Every system that can be connected. */
export const connectors: readonly Connector[] = [
  apiDocumentsConnector,
  backstageConnector,
  bitbucketConnector,
  githubConnector,
  gitlabConnector,
  httpConnector,
  pagerdutyConnector,
  kafkaConnector,
  kubernetesConnector,
  openLineageConnector,
  prometheusConnector,
  terraformConnector,
];
