import {
  Bot,
  Box,
  Boxes,
  Braces,
  Cloud,
  Container,
  Database,
  FileCode,
  Globe,
  KeyRound,
  Layers,
  Route,
  Server,
  Shapes,
  User,
  Users,
  type LucideIcon,
} from "lucide-react";

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
  kind: Shapes,
};

/** What a kind of one's own may name as its icon. */
const NAMED: Readonly<Record<string, LucideIcon>> = {
  ...ICONS,
  bot: Bot,
  box: Box,
  cloud: Cloud,
  container: Container,
  database: Database,
  file: FileCode,
  globe: Globe,
  key: KeyRound,
  layers: Layers,
  route: Route,
  server: Server,
  users: Users,
};

export function isBuiltInKind(kind: string): boolean {
  return Object.hasOwn(ICONS, kind.toLowerCase());
}

/** `named` is what the kind's document says. */
export function iconOfKind(kind: string, named?: string): LucideIcon {
  return (named === undefined ? undefined : NAMED[named]) ?? ICONS[kind.toLowerCase()] ?? Boxes;
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
