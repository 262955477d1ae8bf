import type { ReactNode } from "react";

import row from "../../ui/tool-row.module.css";
import { EntitySelect } from "../graph/EntitySelect.tsx";
import { OwnerSelect } from "../ownership/OwnerSelect.tsx";

export interface Narrowed {
  readonly owner?: string | undefined;
  readonly system?: string | undefined;
}

/** Of which team, of which system: in the address, so that it can be sent to somebody. */
export function Narrowing({ of, onChange }: { readonly of: Narrowed; readonly onChange: (next: Narrowed) => void }): ReactNode {
  const { owner, system } = of;
  return (
    <div className={row.tools}>
      <OwnerSelect
        label="Only of this team"
        placeholder="All teams"
        width={220}
        value={owner}
        onChange={(next) => onChange({ owner: next, system })}
      />
      <EntitySelect
        label="Only of this system"
        placeholder="All systems"
        kind="system"
        width={220}
        value={system}
        onChange={(next) => onChange({ owner, system: next })}
      />
      {(owner !== undefined || system !== undefined) && (
        <button type="button" className={row.chip} onClick={() => onChange({})}>
          All
        </button>
      )}
    </div>
  );
}
