import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { getKind } from "@roadbed/contracts/catalog/kinds";
import { useOperation } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { Loaded } from "../../ui/Loaded.tsx";
import { Page } from "../../ui/Page.tsx";
import { KindEditor } from "./KindEditor.tsx";
import { Trail } from "./Trail.tsx";

const route = getRouteApi("/app/kinds/$name");

/** One kind: what is in it, and its editor. */
export function KindPage(): ReactNode {
  const { name } = route.useParams();
  const kind = useOperation(getKind, { name });
  const { data } = kind;
  const state =
    data === undefined
      ? "Reading…"
      : `${data.origin === "own" ? "Your own kind" : data.origin === "extended" ? "Built in, extended" : "Built in"}, ${formatCount(data.entities, "entity", "entities")}${data.versions > 1 ? `, changed ${formatCount(data.versions - 1, "time")}` : ""}.`;
  return (
    <Page title={data?.name ?? name} state={state} trail={<Trail />}>
      <Loaded query={kind} skeleton={520}>
        {(found) => (
          <KindEditor
            key={found.name}
            kind={found}
            document={found.document ?? { apiVersion: "roadbed.dev/v1", kind: "Kind", metadata: { name: found.name }, spec: {} }}
          />
        )}
      </Loaded>
    </Page>
  );
}

/** A kind that is not there yet. */
export function NewKindPage(): ReactNode {
  return (
    <Page title="Define a kind" state="What its entities hold, what they relate to, and what follows from that." trail={<Trail />}>
      <KindEditor document={EXAMPLE} />
    </Page>
  );
}

/** Something to change rather than an empty page. */
const EXAMPLE = {
  apiVersion: "roadbed.dev/v1",
  kind: "Kind",
  metadata: { name: "Environment", title: "Environment", description: "A place where components run.", icon: "server" },
  spec: {
    plural: "Environments",
    schema: { properties: { stage: { type: "string", title: "Stage", enum: ["test", "production"] } }, required: ["stage"] },
    relations: {
      owner: { type: "ownedBy", target: "Group", title: "Owner" },
      components: { type: "hosts", inverse: "hostedBy", target: "Component", many: true, title: "Components" },
    },
    columns: ["spec.stage", "derived.size"],
    derived: { size: { title: "Components", aggregate: { relation: "hosts", function: "count" } } },
  },
};
