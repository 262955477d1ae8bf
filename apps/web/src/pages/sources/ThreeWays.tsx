import { Link } from "@tanstack/react-router";
import { FolderGit2, FolderInput, GitBranch, Plus, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

import { CopyText } from "../../ui/Copy.tsx";
import classes from "./sources.module.css";

/** Nothing of one's own is here yet: the ways by which it comes. */
export function ThreeWays(): ReactNode {
  return (
    <>
      <p className={classes.lead}>
        A source is a place that is read and followed. Whatever it describes becomes an entity with an owner, relations and a page of its
        own. Four ways to bring yours:
      </p>
      <ol className={classes.ways}>
        <Way icon={FolderInput} title="A folder" act={<CopyText text="npx roadbed import ./catalog" what="command" />}>
          On the machine where Roadbed runs. A saved file is read again within a second or two.
        </Way>
        <Way
          icon={GitBranch}
          title="A Git URL"
          act={<CopyText text="npx roadbed import https://git.example.org/catalog.git" what="command" />}
        >
          Cloned, read and fetched again. Backstage's <code>catalog-info.yaml</code> works unchanged.
        </Way>
        <Way icon={FolderGit2} title="A folder of clones" act={<Link to="/discover">Discover what is in it</Link>}>
          No descriptors yet? Services, owners and relations are proposed from build files, manifests and CODEOWNERS.
        </Way>
        <Way icon={Plus} title="A golden path" act={<Link to="/create">Choose a golden path</Link>}>
          Makes a repository with a descriptor in it, and registers it for you.
        </Way>
      </ol>
    </>
  );
}

function Way({
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
    <li>
      <Icon size={18} aria-hidden strokeWidth={1.6} />
      <h2>{title}</h2>
      <p>{children}</p>
      {act}
    </li>
  );
}
