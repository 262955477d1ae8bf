import { z } from "zod";

const Name = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, "must be a name of Kubernetes: lower-case letters, digits and hyphens");

/** A text with places to be filled in; which ones there are is said with it. */
function pattern(places: readonly string[], rest: RegExp, message: string): z.ZodString {
  const filled = new RegExp(`\\{(${places.join("|")})\\}`, "g");
  return z
    .string()
    .min(1)
    .max(250)
    .refine((text) => rest.test(text.replaceAll(filled, "x")), `${message}; it may name ${places.map((one) => `{${one}}`).join(", ")}`);
}

/** How what runs in an environment is written for a cluster, and how it is brought there and looked at. */
export const KubernetesPlace = z.strictObject({
  cluster: Name.describe("The cluster, as a connected Kubernetes source calls it: its address and token are used"),
  namespace: pattern(["environment", "name", "namespace"], /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, "must be the name of a namespace")
    .default("{environment}")
    .describe("Where objects stand; {environment}, {name} and {namespace} (of the component) are filled in"),
  engine: z.enum(["argo-cd", "flux"]).default("argo-cd").describe("Who applies what stands in Git"),
  engineNamespace: Name.optional().describe("Where the engine's objects stand; default argocd or flux-system"),
  repository: z
    .url({ protocol: /^(https?|ssh)$/ })
    .max(2_000)
    .optional()
    .describe("From where the engine reads; default: platform-delivery of the embedded Git host"),
  delivery: z
    .enum(["deployment", "argo-rollouts", "gateway-api"])
    .default("deployment")
    .describe("Deployment; Argo Rollouts by number of pods; or Argo Rollouts by weights of an HTTPRoute"),
  host: pattern(
    ["environment", "name", "namespace"],
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$/,
    "must be the name of a host",
  )
    .optional()
    .describe("Where services are reached, e.g. {name}.{environment}.example.org; none: only inside the cluster"),
  image: pattern(["image", "name", "environment"], /^[a-z0-9][a-z0-9._/:-]*$/, "must be an address of an image, without a tag")
    .default("{image}")
    .describe("Where images are; {image} is what the release calls it. Its digest is added"),
  gateway: z
    .strictObject({ name: Name, namespace: Name, section: Name.optional() })
    .optional()
    .describe("The Gateway that routes are attached to; without one, hosts become Ingresses"),
  ingressClass: Name.optional(),
  queue: Name.optional().describe("Kueue's LocalQueue that jobs wait in"),
  deadlineSeconds: z.number().int().min(30).max(86_400).default(600).describe("A release that is not healthy after this has failed"),
});
export type KubernetesPlace = z.infer<typeof KubernetesPlace>;
