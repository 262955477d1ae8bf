import { Handle, Position, type NodeProps } from "@xyflow/react";
import { ChevronRight, Minus } from "lucide-react";
import type { ReactNode } from "react";

import { formatCount } from "../format/number.ts";
import { iconOfKind, partsOf } from "../ui/entity-kind.ts";
import { StateIcon } from "../ui/StateBadge.tsx";
import classes from "./graph.module.css";
import type { GraphNode } from "./group.ts";

/** One entity. */
export function EntityNode({ data, selected }: NodeProps): ReactNode {
  const { node, center, health } = data as { node: GraphNode; center: boolean; health?: string };
  const Icon = iconOfKind(node.kind);
  return (
    <div className={classes.entity} data-selected={selected} data-center={center} data-missing={!node.found}>
      <Ports />
      <Icon size={15} aria-hidden />
      <span className={classes.entityText}>
        <b title={node.ref}>{node.title ?? node.name}</b>
        <i>{node.found ? (node.type ?? node.kind.toLowerCase()) : "not in the catalogue"}</i>
      </span>
      {health !== undefined && <StateIcon word={health} size={14} />}
    </div>
  );
}

/** A closed group: its name and how many it holds. */
export function GroupNode({ data }: NodeProps): ReactNode {
  const { label, count } = data as { label: string; count: number };
  return (
    <div className={classes.group}>
      <Ports />
      <span className={classes.entityText}>
        <b title={label}>{nameOfGroup(label)}</b>
        <i>{formatCount(count, "entity", "entities")}</i>
      </span>
      <ChevronRight size={15} aria-hidden />
    </div>
  );
}

/** The frame of an open group. */
export function FrameNode({ data }: NodeProps): ReactNode {
  const { label, count, onToggle } = data as { label: string; count: number; onToggle?: (key: string) => void };
  return (
    <div className={classes.frame}>
      <div className={classes.frameHead}>
        <b>{nameOfGroup(label)}</b> <span>{count}</span>
        <button type="button" className="nodrag" onClick={() => onToggle?.(label)} aria-label={`Close the group ${nameOfGroup(label)}`}>
          <Minus size={13} />
        </button>
      </div>
    </div>
  );
}

export function nameOfGroup(key: string): string {
  return key.includes(":") ? partsOf(key).name : key;
}

/** An edge leaves and arrives on the side that faces the other end. */
function Ports(): ReactNode {
  return (
    <>
      <Handle id="in" type="target" position={Position.Left} isConnectable={false} />
      <Handle id="out" type="source" position={Position.Right} isConnectable={false} />
      <Handle id="in-right" type="target" position={Position.Right} isConnectable={false} />
      <Handle id="out-left" type="source" position={Position.Left} isConnectable={false} />
    </>
  );
}
