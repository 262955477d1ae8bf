import type { ReactNode } from "react";

import { When } from "../../ui/When.tsx";
import classes from "./releases.module.css";

interface Shown {
  readonly hash: string;
  readonly message: string;
  readonly author: string;
  readonly at: string;
}

/** Commits, newest first. */
export function Commits({ of, more }: { readonly of: readonly Shown[]; readonly more: boolean }): ReactNode {
  if (of.length === 0) return <p className="rb-dim">No commits of its own.</p>;
  return (
    <>
      <ul className={classes.commits}>
        {of.map(({ hash, message, author, at }) => (
          <li key={hash}>
            <code className="rb-mono" title={hash}>
              {hash.slice(0, 8)}
            </code>
            <span title={message}>{message.split("\n")[0]}</span>
            <span className="rb-dim">
              {author}, <When at={at} />
            </span>
          </li>
        ))}
      </ul>
      {more && <p className="rb-dim">Older ones are in the repository.</p>}
    </>
  );
}
