import { parseRef } from "@roadbed/contracts/catalog";

/** The component that a repository of the Git host holds: a golden path gives both the same name. */
export function entityRefOf(repository: string): string {
  return `component:default/${repository}`;
}

/** How a component is called in addresses and folders: its name, with the namespace before it where that is not the default one. */
export function workloadNameOf(entityRef: string): string {
  const { namespace, name } = parseRef(entityRef);
  return namespace === "default" ? name : `${namespace}.${name}`;
}
