import { TextInput } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useMemo, useState, type ReactNode } from "react";

import { getDocs } from "@roadbed/contracts/catalog";
import { listDocProblems } from "@roadbed/contracts/catalog/docs";
import type { OutputOf } from "@roadbed/core";
import { useOperation, usePages } from "../../api/use-operation.ts";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { Loaded, SkeletonRows } from "../../ui/Loaded.tsx";
import { When } from "../../ui/When.tsx";
import { DocPicture } from "./DocPicture.tsx";
import { navOf } from "./doc-tree.ts";
import classes from "./entity.module.css";
import type { KnownEntity } from "./use-entity.ts";

const route = getRouteApi("/app/entities/$kind/$namespace/$name");
const Markdown = lazy(async () => ({ default: (await import("../../markdown/Markdown.tsx")).Markdown }));

type Docs = OutputOf<typeof getDocs>;

/** Its documentation, from its own repository. */
export function DocsTab({ known }: { readonly known: KnownEntity }): ReactNode {
  const { page = "index.md" } = route.useSearch();
  const navigate = route.useNavigate();
  const docs = useOperation(getDocs, { ref: known.ref, page }, { keep: true });
  const go = useCallback(
    (path: string): void => void navigate({ search: { tab: "docs", ...(path !== "index.md" && { page: path }) }, resetScroll: true }),
    [navigate],
  );
  const picture = useCallback((path: string, alt: string) => <DocPicture entityRef={known.ref} path={path} alt={alt} />, [known.ref]);
  const paths = useMemo(() => docs.data?.pages.map(({ path }) => path) ?? [], [docs.data?.pages]);
  return (
    <Loaded query={docs} skeleton={<SkeletonRows rows={12} />}>
      {(answer) => (
        <div className={classes.docs}>
          {answer.pages.length > 1 && <Navigation pages={answer.pages} current={answer.page.path} onPage={go} />}
          <article className={classes.docsPage}>
            <Suspense fallback={<SkeletonRows rows={12} />}>
              <Markdown text={answer.page.markdown} path={answer.page.path} pages={paths} onPage={go} picture={picture} />
            </Suspense>
            <Colophon docs={answer} />
            {answer.problems > 0 && <Problems entityRef={known.ref} count={answer.problems} onPage={go} />}
          </article>
        </div>
      )}
    </Loaded>
  );
}

/** From so many pages on, looking through the list takes longer than typing a word. */
const MANY = 12;

function Navigation({
  pages,
  current,
  onPage,
}: {
  readonly pages: Docs["pages"];
  readonly current: string;
  readonly onPage: (path: string) => void;
}): ReactNode {
  const [words, setWords] = useState("");
  const lines = navOf(pages, words);
  return (
    <nav className={classes.docsNav} aria-label="Pages">
      {pages.length >= MANY && (
        <TextInput
          size="xs"
          placeholder="Find a page"
          aria-label="Find a page"
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
      )}
      {lines.map((line) =>
        line.kind === "section" ? (
          <span key={`section ${line.key}`} className={classes.docsSection} style={{ paddingLeft: 8 + line.level * 12 }}>
            {line.title}
          </span>
        ) : (
          <button
            key={line.path}
            type="button"
            onClick={() => onPage(line.path)}
            aria-current={line.path === current ? "page" : undefined}
            style={{ paddingLeft: 8 + line.level * 12 }}
          >
            {line.title}
          </button>
        ),
      )}
      {lines.length === 0 && <span className="rb-dim">No page has these words in its title.</span>}
    </nav>
  );
}

/** Whose it is, how fresh, and where to change it. */
function Colophon({ docs: { page, owner } }: { readonly docs: Docs }): ReactNode {
  return (
    <p className={`rb-dim ${classes.colophon}`}>
      <span>
        <code>{page.path}</code>, unchanged since <When at={page.changedAt} />, read <When at={page.observedAt} />
      </span>
      {owner !== undefined && (
        <span>
          Kept by <EntityLink entityRef={owner} icon={false} />
        </span>
      )}
      {page.editUrl !== undefined && (
        <a href={page.editUrl} target="_blank" rel="noreferrer">
          Edit this page
        </a>
      )}
    </p>
  );
}

function Problems({
  entityRef,
  count,
  onPage,
}: {
  readonly entityRef: string;
  readonly count: number;
  readonly onPage: (path: string) => void;
}): ReactNode {
  const [open, setOpen] = useState(false);
  const { rows, more } = usePages(listDocProblems, { ref: entityRef, limit: 50 }, { enabled: open });
  return (
    <details className={classes.docProblems} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{count === 1 ? "1 link or picture leads nowhere" : `${count} links and pictures lead nowhere`}</summary>
      <ul>
        {rows.map(({ page, line, link, reason, mend, editUrl }) => (
          <li key={`${page} ${line} ${link}`}>
            <button type="button" onClick={() => onPage(page)}>
              {page}
            </button>
            , line {line}: <code>{link}</code> {reason}. <span className="rb-dim">{mend}</span>{" "}
            {editUrl !== undefined && (
              <a href={editUrl} target="_blank" rel="noreferrer">
                Mend it
              </a>
            )}
          </li>
        ))}
      </ul>
      {more !== undefined && (
        <button type="button" onClick={more}>
          Show more
        </button>
      )}
    </details>
  );
}
