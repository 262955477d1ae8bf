import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense, type ReactNode } from "react";

import { getDocs } from "@roadbed/contracts/catalog";
import { useOperation } from "../../api/use-operation.ts";
import { Loaded, SkeletonRows } from "../../ui/Loaded.tsx";
import { When } from "../../ui/When.tsx";
import classes from "./entity.module.css";
import type { KnownEntity } from "./use-entity.ts";

const route = getRouteApi("/app/entities/$kind/$namespace/$name");
const Markdown = lazy(async () => ({ default: (await import("../../markdown/Markdown.tsx")).Markdown }));

/** Its documentation, from its own repository. */
export function DocsTab({ known }: { readonly known: KnownEntity }): ReactNode {
  const { page = "index.md" } = route.useSearch();
  const navigate = route.useNavigate();
  const docs = useOperation(getDocs, { ref: known.ref, page }, { keep: true });
  const go = (path: string): void =>
    void navigate({ search: { tab: "docs", ...(path !== "index.md" && { page: path }) }, resetScroll: true });
  return (
    <Loaded query={docs} skeleton={<SkeletonRows rows={12} />}>
      {({ pages, page: current }) => (
        <div className={classes.docs}>
          {pages.length > 1 && (
            <nav className={classes.docsNav} aria-label="Pages">
              {pages.map(({ path, title }) => (
                <button key={path} type="button" onClick={() => go(path)} aria-current={path === current.path ? "page" : undefined}>
                  {title}
                </button>
              ))}
            </nav>
          )}
          <article className={classes.docsPage}>
            <Suspense fallback={<SkeletonRows rows={12} />}>
              <Markdown text={current.markdown} path={current.path} pages={pages.map(({ path }) => path)} onPage={go} />
            </Suspense>
            <p className="rb-dim">
              From <code>{current.path}</code>, read <When at={current.observedAt} />
            </p>
          </article>
        </div>
      )}
    </Loaded>
  );
}
