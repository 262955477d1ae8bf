import type { ReactNode } from "react";

import type { ValueChange } from "@roadbed/contracts/catalog";
import classes from "./values.module.css";

/** Values before and after, field by field. */
export function Values({ of }: { readonly of: readonly ValueChange[] }): ReactNode {
  if (of.length === 0) return <p className="rb-dim">No value differs: it is only written or described elsewhere.</p>;
  return (
    <table className={classes.values}>
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
        </tr>
      </thead>
      <tbody>
        {of.map(({ field, before, after, cut }) => (
          <tr key={field}>
            <th scope="row" className="rb-mono">
              {field}
              {cut === true && <span className="rb-dim"> (cut)</span>}
            </th>
            <td>
              <Value of={before} mark="before" />
            </td>
            <td>
              <Value of={after} mark="after" />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Value({ of, mark }: { readonly of: unknown; readonly mark: "before" | "after" }): ReactNode {
  if (of === undefined) return <span className="rb-dim">not set</span>;
  return (
    <span className={`${classes.value} rb-mono`} data-mark={mark}>
      {typeof of === "string" ? of : JSON.stringify(of)}
    </span>
  );
}
