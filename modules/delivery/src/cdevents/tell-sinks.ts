import { repositoryArchived } from "@roadbed/contracts/delivery/archive";
import { deploymentFinished, repositoryCreated, repositoryPushed, workloadCommanded } from "@roadbed/contracts/delivery";
import { changeClosed, changeMerged, changeMoved, changeOpened } from "@roadbed/contracts/delivery/changes";
import { environmentChanged } from "@roadbed/contracts/delivery/environments";
import { releaseMade } from "@roadbed/contracts/delivery/releases";
import { incidentClosed, incidentOpened } from "@roadbed/contracts/telemetry";
import type { Ctx, DomainEvent, EventType, Subscription } from "@roadbed/core";

import { readChange } from "../change/change-store.ts";
import type { DeliveryDeps } from "../deps.ts";
import { findDeployment } from "../deployment/deployment-store.ts";
import { readRelease } from "../release/release-store.ts";
import { cloneUrlOf } from "../repository/repository-store.ts";
import { queueFor } from "./sink-store.ts";
import { purlOfCommit, purlOfImage, toCdEvent, type Told } from "./to-cdevent.ts";

const NOTHING = /^0+$/;
type Deps = Pick<DeliveryDeps, "publicUrl" | "entities">;

/** What happens here is queued for whoever is told of it, in the transaction in which it is heard: once, by the event's id. */
export function makeSinkSubscriptions(deps: Deps, poke: () => void): Subscription[] {
  const source = deps.publicUrl;

  function tell<P>(type: EventType<P>, told: (ctx: Ctx, payload: P) => Promise<readonly Told[]> | readonly Told[]): Subscription {
    return {
      name: `delivery.tell-sinks-${type.name}`,
      events: [type.name],
      receive: async (ctx, event) => {
        const { id, time: at, payload } = event as DomainEvent<P>;
        const { rowCount } = await ctx.sql.query("select 1 from delivery.sink limit 1");
        if (rowCount === 0) return;
        const all = await told(ctx, payload);
        for (const [n, one] of all.entries())
          await queueFor(ctx, one.type, toCdEvent(one, { id: n === 0 ? id : `${id}.${n}`, at, source }));
        if (all.length > 0) poke();
      },
    };
  }

  const repository = (name: string): Record<string, unknown> => ({ id: name, source });
  return [
    tell(repositoryCreated, (_ctx, { repository: name, cloneUrl }) => [
      { type: "repository.created", subject: name, content: { name, uri: cloneUrl } },
    ]),
    tell(repositoryArchived, (_ctx, { repository: name }) => [
      { type: "repository.modified", subject: name, content: { name, uri: cloneUrlOf(deps.publicUrl, name) } },
    ]),
    tell(repositoryPushed, (_ctx, { repository: name, branch, before, after }) => {
      const content = { repository: repository(name) };
      if (NOTHING.test(before)) return [{ type: "branch.created", subject: branch, content }];
      return NOTHING.test(after) ? [{ type: "branch.deleted", subject: branch, content }] : [];
    }),
    tell(changeOpened, async (ctx, { changeId, repository: name }) => {
      const { title } = await readChange(ctx.sql, changeId);
      return [{ type: "change.created", subject: changeId, content: { description: title, repository: repository(name) } }];
    }),
    tell(changeMoved, (_ctx, { changeId, repository: name }) => [
      { type: "change.updated", subject: changeId, content: { repository: repository(name) } },
    ]),
    tell(changeMerged, (_ctx, { changeId, repository: name }) => [
      { type: "change.merged", subject: changeId, content: { repository: repository(name) } },
    ]),
    tell(changeClosed, (_ctx, { changeId, repository: name }) => [
      { type: "change.abandoned", subject: changeId, content: { repository: repository(name) } },
    ]),
    tell(releaseMade, async (ctx, { releaseId, entityRef, number }) => {
      const { parts, repository: home, commit } = await readRelease(ctx.sql, releaseId, []);
      const customData = { entityRef, release: number };
      const images = parts.filter(({ kind }) => kind === "image");
      const ids = [
        ...(home === null || commit === null ? [] : [purlOfCommit(home, commit)]),
        ...images.map(({ name, digest, version }) => purlOfImage(name, digest, version)),
      ];
      return ids.map((id): Told => ({ type: "artifact.published", subject: id, content: {}, customData }));
    }),
    tell(deploymentFinished, (ctx, payload) => ofDeployment(ctx, source, payload)),
    tell(workloadCommanded, (_ctx, { entityRef, environment, command }) =>
      command === "stop" ? [{ type: "service.removed", subject: entityRef, content: { environment: { id: environment, source } } }] : [],
    ),
    tell(environmentChanged, (_ctx, { environment, title, change }) => {
      const type = (
        {
          made: "environment.created",
          ended: "environment.deleted",
          changed: "environment.modified",
          extended: undefined,
          ending: undefined,
        } as const
      )[change];
      if (type === undefined) return [];
      const uri = type === "environment.deleted" ? {} : { uri: `${source}/environments?selected=${encodeURIComponent(environment)}` };
      return [{ type, subject: environment, content: { name: title, ...uri } }];
    }),
    tell(incidentOpened, (_ctx, { incidentId, service, title, entityRef }) => [
      { type: "incident.detected", subject: incidentId, content: ofIncident(source, service, title), ...about(entityRef) },
    ]),
    tell(incidentClosed, (_ctx, { incidentId, service, entityRef }) => [
      { type: "incident.resolved", subject: incidentId, content: ofIncident(source, service, undefined), ...about(entityRef) },
    ]),
  ];
}

/** What became healthy is deployed, an upgrade, or a way back; what did not has changed nothing. */
async function ofDeployment(
  ctx: Ctx,
  source: string,
  {
    deploymentId,
    entityRef,
    environment,
    status,
    commit,
  }: { deploymentId: string; entityRef: string; environment: string; status: string; commit: string },
): Promise<Told[]> {
  if (status !== "healthy") return [];
  const deployment = await findDeployment(ctx.sql, deploymentId);
  if (deployment === undefined) return [];
  const { rows } = await ctx.sql.query<{ before: boolean; back: boolean; release: number | null }>(
    `select exists (select 1 from delivery.deployment where entity_ref = $1 and environment = $2 and status = 'healthy' and id < $3) as before,
       exists (select 1 from delivery.promotion where deployment_id = $3 and kind = 'rollback') as back,
       (select r.number from delivery.promotion p join delivery.release r on r.id = p.release_id where p.deployment_id = $3 limit 1) as release`,
    [entityRef, environment, deploymentId],
  );
  const { before = false, back = false, release = null } = rows[0] ?? {};
  const type = back ? "service.rolledback" : before ? "service.upgraded" : "service.deployed";
  const content = { environment: { id: environment, source }, artifactId: purlOfCommit(deployment.repository, commit) };
  return [{ type, subject: entityRef, content, customData: { deploymentId, commit, ...(release === null ? {} : { release }) } }];
}

/** The spec asks for an environment; an incident here is one of a service, wherever it runs. */
function ofIncident(source: string, service: string, title: string | undefined): Record<string, unknown> {
  return {
    ...(title === undefined ? {} : { description: title }),
    environment: { id: "any", source },
    service: { id: service, source },
  };
}

function about(entityRef: string | undefined): { readonly customData?: Readonly<Record<string, unknown>> } {
  return entityRef === undefined ? {} : { customData: { entityRef } };
}
