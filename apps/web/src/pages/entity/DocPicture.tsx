import type { ReactNode } from "react";

import { getDocAsset } from "@roadbed/contracts/catalog/docs";
import { useOperation } from "../../api/use-operation.ts";

/** A picture of an entity's documentation; until it is there, and when it is not, its words stand in for it. */
export function DocPicture({
  entityRef,
  path,
  alt,
}: {
  readonly entityRef: string;
  readonly path: string;
  readonly alt: string;
}): ReactNode {
  const { data, error } = useOperation(getDocAsset, { ref: entityRef, path }, { staleTime: 60_000 });
  if (data !== undefined) return <img src={`data:${data.type};base64,${data.base64}`} alt={alt} />;
  const words = alt === "" ? path : alt;
  return (
    <span className="rb-dim" title={error === null ? undefined : `${path} is not there`}>
      [{words}]
    </span>
  );
}
