import { Handle, Position, type NodeProps } from "@xyflow/react";
import { ChevronRight, Minus } from "lucide-react";
import type { ReactNode } from "react";

import { formatCount } from "../format/number.ts";
import { iconOfKind } from "../ui/entity-kind.ts";
import { StateIcon } from "../ui/StateBadge.tsx";
import classes from "./graph.module.css";
import type { GraphNode } from "./group.ts";

/** One entity. */
export function EntityNode({ data, selected }: NodeProps): ReactNode {
  const { node, center, health, faded } = data as { node: GraphNode; center: boolean; health?: string; faded: boolean };
  const Icon = iconOfKind(node.kind);
  return (
    <div className={classes.entity} data-selected={selected} data-center={center} data-missing={!node.found} data-faded={faded}>
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
  const { label, count, faded } = data as { label: string; count: number; faded: boolean };
  return (
    <div className={classes.group} data-faded={faded}>
      <Ports />
      <span className={classes.entityText}>
        <b title={label}>{label}</b>
        <i>{formatCount(count, "entity", "entities")}</i>
      </span>
      <ChevronRight size={15} aria-hidden />
    </div>
  );
}

/** The frame of an open group. */
export function FrameNode({ data }: NodeProps): ReactNode {
  const { groupKey, label, count, onToggle } = data as {
    groupKey: string;
    label: string;
    count: number;
    onToggle?: (key: string) => void;
  };
  return (
    <div className={classes.frame}>
      <div className={classes.frameHead}>
        <b>{label}</b> <span>{count}</span>
        <button type="button" className="nodrag" onClick={() => onToggle?.(groupKey)} aria-label={`Close the group ${label}`}>
          <Minus size={13} />
        </button>
      </div>
    </div>
  );
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
