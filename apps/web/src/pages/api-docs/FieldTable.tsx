import { Fragment, type ReactNode } from "react";

import classes from "./api-docs.module.css";
import type { ApiField } from "@roadbed/contracts/api-document/open-api";

/** Fields as one reads them: name, type, bounds, meaning; what is inside an object opens. */
export function FieldTable({ title, fields }: { readonly title: string; readonly fields: readonly ApiField[] }): ReactNode {
  if (fields.length === 0) return null;
  return (
    <>
      {title !== "" && <h3>{title}</h3>}
      <dl className={classes.fields}>
        {fields.map((field) => (
          <Field key={`${field.where} ${field.name}`} field={field} />
        ))}
      </dl>
    </>
  );
}

function Field({ field: { name, where, type, required, description, fallback, bounds, fields } }: { readonly field: ApiField }): ReactNode {
  return (
    <div>
      <dt>
        <code>{name}</code>
        {required && where !== "answer" && <span className={classes.required}>required</span>}
        {!required && where === "answer" && <span className="rb-dim">may be absent</span>}
        {(where === "path" || where === "query") && <span className="rb-dim">{where}</span>}
      </dt>
      <dd>
        <span className="rb-mono rb-dim">
          <Type type={type} />
          {fallback !== undefined && ` = ${fallback}`}
        </span>
        {bounds !== undefined && <span className={classes.bounds}>, {bounds}</span>}
        {description !== undefined && <p>{description}</p>}
        {fields.length > 0 && (
          <details className={classes.inside}>
            <summary>
              {type.endsWith("[]") ? "each entry" : "inside"}: {fields.map((inner) => inner.name).join(", ")}
            </summary>
            <FieldTable title="" fields={fields} />
          </details>
        )}
      </dd>
    </div>
  );
}

/** Many quoted words read better as a list: `one of read, write, admin`. */
function Type({ type }: { readonly type: string }): ReactNode {
  const [, words, many] = /^\(?("[^"]*"(?: \| "[^"]*")+)\)?(\[\])?$/.exec(type) ?? [];
  if (words === undefined) return type;
  return (
    <>
      {many === undefined ? "one of " : "some of "}
      {words.split(" | ").map((word, index) => (
        <Fragment key={word}>
          {index > 0 && ", "}
          <span className={classes.word}>{word.slice(1, -1)}</span>
        </Fragment>
      ))}
    </>
  );
}
