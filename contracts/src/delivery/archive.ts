import { defineEvent, defineOperation } from "@roadbed/core";
import { z } from "zod";

import { Repository } from "../delivery.ts";

const Name = z.string().min(1).max(100);

export const archiveRepository = defineOperation({
  name: "delivery.repository.archive",
  summary: "Make a repository of the embedded host read only: it can be cloned, and nothing can be pushed or merged.",
  scope: "delivery:write",
  risk: "high",
  http: { method: "POST", path: "/api/v1/repositories/{name}/archive" },
  input: z.object({ name: Name, reason: z.string().trim().min(3, "must say why").max(500) }),
  output: Repository,
  resource: ({ name }) => ({ kind: "entity", id: `component:default/${name}` }),
});

export const restoreRepository = defineOperation({
  name: "delivery.repository.restore",
  summary: "Have an archived repository take pushes again.",
  scope: "delivery:write",
  risk: "high",
  http: { method: "POST", path: "/api/v1/repositories/{name}/restore" },
  input: z.object({ name: Name }),
  output: Repository,
  resource: ({ name }) => ({ kind: "entity", id: `component:default/${name}` }),
});

export const repositoryArchived = defineEvent({
  name: "delivery.repository.archived",
  summary: "A repository became read only, or takes pushes again.",
  payload: z.object({ repository: z.string(), archived: z.boolean(), why: z.string().optional() }),
});

export const operations = [archiveRepository, restoreRepository] as const;
