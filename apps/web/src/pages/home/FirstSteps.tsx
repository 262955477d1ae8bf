import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { FolderGit2, FolderInput, Plus, Sparkles, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

import { CopyText } from "../../ui/Copy.tsx";
import classes from "./home.module.css";

/** The empty estate teaches: discover, bring yours, create something, or look at the sample. */
export function FirstSteps(): ReactNode {
  return (
    <ol className={classes.steps}>
      <Step
        icon={FolderGit2}
        title="Discover what you have"
        act={
          <Button component={Link} to="/discover">
            Read a folder of clones
          </Button>
        }
      >
        No descriptors yet? Roadbed reads build files, manifests, CODEOWNERS and commits, and proposes services with owners and relations,
        each with how sure it is and why. You accept, change or refuse.
      </Step>
      <Step
        icon={FolderInput}
        title="Bring yours"
        act={
          <Button component={Link} to="/sources" variant="default">
            Import a folder or Git URL
          </Button>
        }
      >
        Point Roadbed at descriptors you have (Backstage's <code>catalog-info.yaml</code> works unchanged). Entities appear with their
        relations; what does not parse is listed with file, line and mend, and spoils nothing else.
      </Step>
      <Step
        icon={Plus}
        title="Create a service"
        act={
          <Button component={Link} to="/create" variant="default">
            Choose a golden path
          </Button>
        }
      >
        Fill in a form, see what would be made and what policy says, then get a repository, a catalogue entry and a running, observed
        service.
      </Step>
      <Step
        icon={Sparkles}
        title="Look at the sample estate"
        act={<CopyText text="npm start -- --data .roadbed-sample --port 4410" what="command" />}
      >
        Start a second Roadbed beside this one, with about forty components in eight systems, their owners, documentation and live
        telemetry. Yours stays as it is.
      </Step>
    </ol>
  );
}

function Step({
  icon: Icon,
  title,
  act,
  children,
}: {
  readonly icon: LucideIcon;
  readonly title: string;
  readonly act: ReactNode;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <li className={classes.step}>
      <Icon size={20} aria-hidden strokeWidth={1.6} />
      <div>
        <h2>{title}</h2>
        <p>{children}</p>
        {act}
      </div>
    </li>
  );
}
