import type { Connector } from "@roadbed/contracts/connector";

import { bitbucketConnector } from "./bitbucket/bitbucket-connector.ts";
import { githubConnector } from "./github/github-connector.ts";
import { gitlabConnector } from "./gitlab/gitlab-connector.ts";
import { httpConnector } from "./http/http-connector.ts";

/** Every system that can be connected. */
export const connectors: readonly Connector[] = [bitbucketConnector, githubConnector, gitlabConnector, httpConnector];
