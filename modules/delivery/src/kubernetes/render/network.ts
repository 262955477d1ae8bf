import { isDecided } from "../../rollout/plan.ts";
import type { Manifest } from "../manifest.ts";
import { metaOf, type Scene } from "./naming.ts";

/** What the service of the release that is being looked at is called beside the one of everybody. */
export const CANARY = "-canary";

/** The service of everybody, and beside it the one of the new release where a controller tells them apart. */
export function services(scene: Scene): Manifest[] {
  const { name, place, plan, file } = scene;
  const twice = file.kind === "service" && (place.delivery === "gateway-api" || (plan.strategy === "blue-green" && isDecided(plan)));
  return [name, ...(twice ? [`${name}${CANARY}`] : [])].map((one) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: metaOf(scene, one),
    spec: { type: "ClusterIP", selector: { ...scene.selector }, ports: [{ name: "http", port: 80, targetPort: "http", protocol: "TCP" }] },
  }));
}

/** How it is reached from outside: a route of a Gateway, or an Ingress. */
export function ways(scene: Scene): Manifest[] {
  const { host, place } = scene;
  if (host === undefined) return [];
  return [place.gateway === undefined ? ingress(scene, host) : httpRoute(scene, host, place.gateway)];
}

export function routeName({ name }: Scene): string {
  return name;
}

function httpRoute(scene: Scene, host: string, gateway: NonNullable<Scene["place"]["gateway"]>): Manifest {
  const { name, place, file } = scene;
  const weighted = place.delivery === "gateway-api" && file.kind === "service";
  const backends = weighted
    ? [
        { name, port: 80, weight: 100 },
        { name: `${name}${CANARY}`, port: 80, weight: 0 },
      ]
    : [{ name, port: 80 }];
  const { section, ...parent } = gateway;
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: metaOf(scene, routeName(scene)),
    spec: {
      parentRefs: [{ ...parent, ...(section === undefined ? {} : { sectionName: section }) }],
      hostnames: [host],
      rules: [{ matches: [{ path: { type: "PathPrefix", value: "/" } }], backendRefs: backends }],
    },
  };
}

function ingress(scene: Scene, host: string): Manifest {
  const { name, place } = scene;
  const backend = { service: { name, port: { name: "http" } } };
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: metaOf(scene),
    spec: {
      ...(place.ingressClass === undefined ? {} : { ingressClassName: place.ingressClass }),
      tls: [{ hosts: [host], secretName: `${name}-tls` }],
      rules: [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
    },
  };
}
