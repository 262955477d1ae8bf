import { FileText, Waypoints, Zap } from "lucide-react";
import type { ReactNode } from "react";

import { iconOfKind } from "../ui/entity-kind.ts";
import { piecesOf, type Hit } from "./hits.ts";
import classes from "./shell.module.css";

/** One thing that a search found: what it is, its name and why it was found, with the words marked. */
export function HitRow({ hit }: { readonly hit: Hit }): ReactNode {
  const Icon = iconOf(hit);
  const told = hit.marks.title.length === 0 && hit.excerpt !== undefined;
  return (
    <span className={classes.hit}>
      <Icon size={17} aria-hidden />
      <span className={classes.hitBody}>
        <span className={classes.hitTitle}>
          <Marked text={hit.title} marks={hit.marks.title} />
        </span>
        <span className={classes.hitAbout}>
          {told || hit.kind === "doc" ? <Marked text={hit.excerpt ?? ""} marks={hit.marks.excerpt} /> : (hit.subtitle ?? hit.ref)}
        </span>
      </span>
      <span className={classes.hitKind}>
        {hit.kind === "doc" ? "docs" : hit.kind === "operation" ? hit.subtitle : hit.entityKind.toLowerCase()}
      </span>
    </span>
  );
}

function Marked({ text, marks }: { readonly text: string; readonly marks: readonly (readonly [number, number])[] }): ReactNode {
  // Pieces of one text never change places.
  // eslint-disable-next-line react/no-array-index-key
  return piecesOf(text, marks).map((piece, at) => (piece.marked ? <mark key={at}>{piece.text}</mark> : <span key={at}>{piece.text}</span>));
}

function iconOf({ kind, entityKind }: Hit) {
  return kind === "doc" ? FileText : kind === "operation" ? Waypoints : kind === "path" ? Zap : iconOfKind(entityKind);
}
