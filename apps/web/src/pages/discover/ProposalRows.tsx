import { Checkbox, VisuallyHidden } from "@mantine/core";
import type { ReactNode } from "react";

import type { Proposal } from "@roadbed/contracts/catalog/proposals";
import { iconOfKind, shortRef } from "../../ui/entity-kind.ts";
import { Tag } from "../../ui/Tag.tsx";
import { Confidence } from "./Confidence.tsx";
import classes from "./discover.module.css";
import { percent, shortRepository } from "./words.ts";

interface Props {
  readonly rows: readonly Proposal[];
  readonly chosen: ReadonlySet<string>;
  readonly current: string | undefined;
  readonly stale: boolean;
  readonly onToggle: (id: string) => void;
  readonly onSelect: (id: string) => void;
}

/** One row a proposal: what, how sure, whose, why. */
export function ProposalRows({ rows, chosen, current, stale, onToggle, onSelect }: Props): ReactNode {
  return (
    <table className={classes.table} aria-label="Proposals" data-stale={stale}>
      <thead>
        <tr>
          <th scope="col" className={classes.pick}>
            <VisuallyHidden>Choose</VisuallyHidden>
          </th>
          <th scope="col">Proposal</th>
          <th scope="col" className={classes.sure}>
            Confidence
          </th>
          <th scope="col" className={classes.owner}>
            Owner
          </th>
          <th scope="col" className={classes.why}>
            Why
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => {
          const Icon = iconOfKind(row.kind);
          return (
            <tr key={row.id} data-row={row.id} data-current={row.id === current} onClick={() => onSelect(row.id)}>
              <td className={classes.pick} onClick={(event) => event.stopPropagation()}>
                <Checkbox size="xs" aria-label={`Choose ${row.ref}`} checked={chosen.has(row.id)} onChange={() => onToggle(row.id)} />
              </td>
              <td>
                <button type="button" className={classes.name} title={row.ref}>
                  <Icon size={14} aria-hidden />
                  <span>{row.title ?? row.name}</span>
                </button>
                <div className={classes.under}>
                  <span>{[row.kind, row.type].filter(Boolean).join(" · ")}</span>
                  {row.repository !== "" && (
                    <span title={row.repository}>{[shortRepository(row.repository), row.dir].filter(Boolean).join("/")}</span>
                  )}
                  {row.action === "complete" && <Tag title="It is in the catalogue; this adds what it lacks">adds {row.relations}</Tag>}
                  {row.edited.length > 0 && <Tag title={`Changed by a person: ${row.edited.join(", ")}`}>edited</Tag>}
                </div>
              </td>
              <td className={classes.sure}>
                <Confidence of={row.confidence} />
              </td>
              <td className={classes.owner} title={row.ownerReason}>
                {row.owner !== undefined ? (
                  <OwnerOf row={row} />
                ) : row.kind === "group" || row.kind === "user" || row.action === "complete" ? (
                  <span className="rb-dim">none needed</span>
                ) : (
                  <span className={classes.noOwner}>no owner</span>
                )}
              </td>
              <td className={classes.why} title={row.reason}>
                <span className={classes.clamp}>
                  {row.changes.length > 0 ? <b>{row.changes[0]}</b> : row.reason}
                  {row.decisionReason !== undefined && <span> Refused: {row.decisionReason}</span>}
                </span>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function OwnerOf({ row: { owner = "", ownerConfidence } }: { readonly row: Proposal }): ReactNode {
  return (
    <>
      {shortRef(owner)}
      {ownerConfidence !== undefined && (
        <div className={classes.under}>{ownerConfidence === 1 ? "said by a person" : percent(ownerConfidence)}</div>
      )}
    </>
  );
}
