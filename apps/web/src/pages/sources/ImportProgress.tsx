import { LoaderCircle } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";

import { formatMs } from "../../format/number.ts";
import classes from "./sources.module.css";
import { kindOfTarget } from "./words.ts";

/** An import is one answer at its end: until then, what is being done and for how long. */
export function ImportProgress({ target }: { readonly target: string }): ReactNode {
  const seconds = useSeconds();
  return (
    <div className={classes.progress} role="status">
      <LoaderCircle size={16} aria-hidden className={classes.spin} />
      <div>
        <b>{kindOfTarget(target) === "git" ? "Cloning and reading" : "Reading"}</b> <span className="rb-mono">{target.trim()}</span>
        {seconds > 0 && <span className="rb-dim"> for {formatMs(seconds * 1_000)}</span>}
        <p>
          Descriptors are parsed and checked, relations are joined, documentation is read. You may leave this page: the source goes on being
          read and stands in the list below.
        </p>
      </div>
    </div>
  );
}

function useSeconds(): number {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setSeconds((count) => count + 1), 1_000);
    return () => clearInterval(timer);
  }, []);
  return seconds;
}
