import { Circle, CircleAlert, CircleCheck, CircleDot, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

import classes from "./create.module.css";

interface Props {
  readonly titles: readonly string[];
  readonly current: number;
  readonly faulty: readonly boolean[];
  readonly onGo: (index: number) => void;
}

/** Where one is in the form; every step can be gone back to. */
export function Steps({ titles, current, faulty, onGo }: Props): ReactNode {
  return (
    <ol className={classes.steps} aria-label="Steps">
      {titles.map((title, index) => {
        const Icon = faulty[index] === true ? CircleAlert : index < current ? CircleCheck : index === current ? CircleDot : Circle;
        return (
          <li key={index}>
            {index >= current ? (
              <span aria-current={index === current ? "step" : undefined} data-faulty={faulty[index]}>
                <Mark icon={Icon} faulty={faulty[index] === true} />
                {title}
              </span>
            ) : (
              <button type="button" onClick={() => onGo(index)} data-faulty={faulty[index]}>
                <Mark icon={Icon} faulty={faulty[index] === true} />
                {title}
              </button>
            )}
          </li>
        );
      })}
    </ol>
  );
}

function Mark({ icon: Icon, faulty }: { readonly icon: LucideIcon; readonly faulty: boolean }): ReactNode {
  return faulty ? <Icon size={16} role="img" aria-label="has a problem" /> : <Icon size={16} aria-hidden />;
}
