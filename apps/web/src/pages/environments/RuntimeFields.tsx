import { Select, Stack, TextInput } from "@mantine/core";
import type { ReactNode } from "react";

import type { Environment } from "@roadbed/contracts/delivery/environments";
import type { KubernetesPlace } from "@roadbed/contracts/delivery/kubernetes-place";
import classes from "./environments.module.css";

/** Where an environment runs, as a form has it: everything is text. */
export interface RuntimeText {
  readonly runtime: Environment["runtime"];
  readonly cluster: string;
  readonly namespace: string;
  readonly engine: KubernetesPlace["engine"];
  readonly delivery: KubernetesPlace["delivery"];
  readonly host: string;
  readonly image: string;
  /** `namespace/name`. */
  readonly gateway: string;
  readonly ingressClass: string;
  readonly queue: string;
  /** What has no field here stays as it is. */
  readonly rest: Partial<KubernetesPlace>;
}

const DELIVERIES = [
  { value: "deployment", label: "Deployments, pod by pod" },
  { value: "argo-rollouts", label: "Argo Rollouts, by number of pods" },
  { value: "gateway-api", label: "Argo Rollouts, by weights of a route" },
];

export function RuntimeFields({
  text,
  onChange,
  fixed,
}: {
  readonly text: RuntimeText;
  readonly onChange: (text: RuntimeText) => void;
  /** It runs somewhere already. */
  readonly fixed: boolean;
}): ReactNode {
  const set = (patch: Partial<RuntimeText>): void => onChange({ ...text, ...patch });
  const field = (name: "cluster" | "namespace" | "host" | "image" | "gateway" | "ingressClass" | "queue") => ({
    value: text[name],
    onChange: (event: { currentTarget: { value: string } }) => set({ [name]: event.currentTarget.value }),
  });
  return (
    <fieldset className={classes.group}>
      <legend>Where it runs</legend>
      <Stack gap="xs">
        <Select
          label="Runtime"
          data={[
            { value: "local", label: "Processes of this machine" },
            { value: "kubernetes", label: "A Kubernetes cluster, by Git" },
          ]}
          value={text.runtime}
          disabled={fixed}
          allowDeselect={false}
          onChange={(value) => set({ runtime: value === "kubernetes" ? "kubernetes" : "local" })}
        />
        {text.runtime === "kubernetes" && (
          <div className={classes.two}>
            <TextInput label="Cluster" required description="As its source calls it" placeholder="prod-eu" {...field("cluster")} />
            <TextInput label="Namespace" description="{environment}, {name} and {namespace} are filled in" {...field("namespace")} />
            <Select
              label="Applied by"
              data={[
                { value: "argo-cd", label: "Argo CD" },
                { value: "flux", label: "Flux" },
              ]}
              value={text.engine}
              allowDeselect={false}
              onChange={(value) => set({ engine: value === "flux" ? "flux" : "argo-cd" })}
            />
            <Select
              label="How a release replaces the one before"
              data={DELIVERIES}
              value={text.delivery}
              allowDeselect={false}
              onChange={(value) => set({ delivery: (value ?? "deployment") as RuntimeText["delivery"] })}
            />
            <TextInput label="Host of services" placeholder="{name}.prod.example.org" {...field("host")} />
            <TextInput label="Images" placeholder="{image}" {...field("image")} />
            <TextInput label="Gateway" description="As namespace/name; without one, hosts are Ingresses" {...field("gateway")} />
            <TextInput label="Class of Ingresses" description="Default: the cluster's own" {...field("ingressClass")} />
            <TextInput label="Queue of jobs" description="Of Kueue" {...field("queue")} />
          </div>
        )}
      </Stack>
    </fieldset>
  );
}

export function runtimeOf(environment: Environment | undefined): RuntimeText {
  const { cluster, namespace, engine, delivery, host, image, gateway, ingressClass, queue, ...rest } = environment?.kubernetes ?? {};
  return {
    runtime: environment?.runtime ?? "local",
    cluster: cluster ?? "",
    namespace: namespace ?? "{environment}",
    engine: engine ?? "argo-cd",
    delivery: delivery ?? "deployment",
    host: host ?? "",
    image: image ?? "{image}",
    gateway: gateway === undefined ? "" : `${gateway.namespace}/${gateway.name}`,
    ingressClass: ingressClass ?? "",
    queue: queue ?? "",
    rest,
  };
}

/** As operations take it; what is left empty is not said. */
export function placeOf({ runtime, cluster, engine, delivery, rest, ...text }: RuntimeText): {
  readonly runtime: RuntimeText["runtime"];
  readonly kubernetes?: Partial<KubernetesPlace> & Pick<KubernetesPlace, "cluster">;
} {
  if (runtime === "local") return { runtime };
  const { gateway, ...words } = Object.fromEntries(
    Object.entries(text).flatMap(([key, value]) => (value.trim() === "" ? [] : [[key, value.trim()]])),
  ) as Partial<Record<keyof typeof text, string>>;
  const [namespace = "", name = ""] = gateway?.split("/") ?? [];
  return {
    runtime,
    kubernetes: {
      ...rest,
      ...words,
      cluster: cluster.trim(),
      engine,
      delivery,
      ...(gateway === undefined ? {} : { gateway: { namespace, name } }),
    },
  };
}
