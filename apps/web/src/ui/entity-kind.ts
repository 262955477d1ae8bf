import { Box, Boxes, Braces, Database, FileCode, Globe, Layers, Route, User, Users, type LucideIcon } from "lucide-react";

import { parseRef, type RefParts } from "@roadbed/contracts/catalog";

const ICONS: Readonly<Record<string, LucideIcon>> = {
  component: Box,
  api: Braces,
  resource: Database,
  system: Layers,
  domain: Globe,
  group: Users,
  user: User,
  template: Route,
  location: FileCode,
};

export function iconOfKind(kind: string): LucideIcon {
  return ICONS[kind.toLowerCase()] ?? Boxes;
}

/** A reference as one says it: the name alone in the default namespace. */
export function shortRef(ref: string): string {
  const parts = partsOf(ref);
  return parts.namespace === "default" ? parts.name : `${parts.namespace}/${parts.name}`;
}

/** Splits a reference; a text that is none comes back as its name. */
export function partsOf(ref: string, kind = "component"): RefParts {
  try {
    return parseRef(ref, { kind });
  } catch {
    return { kind, namespace: "default", name: ref };
  }
}

/** `dependsOn` → `depends on`, `providesApi` → `provides API`. */
export function relationWords(type: string): string {
  return type
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .replace(/\bapi\b/, "API");
}
