import { Link } from "@tanstack/react-router";
import { isValidElement, useMemo, type ComponentProps, type ReactElement, type ReactNode } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import rehypeSanitize from "rehype-sanitize";
import remarkGfm from "remark-gfm";

import { CodeBlock } from "./CodeBlock.tsx";
import { Mermaid } from "./Mermaid.tsx";
import { linkOf, resolvePath, slugOf } from "@roadbed/contracts/doc-link";
import { Blocks } from "./Blocks.tsx";
import { blocksOf, definitionsIn } from "./blocks.ts";
import classes from "./markdown.module.css";

interface Props {
  readonly text: string;
  /** The page's own path, for links relative to it. */
  readonly path: string;
  /** Paths that exist beside it. */
  readonly pages: readonly string[];
  readonly onPage: (path: string) => void;
  /** Draws a picture that lies beside the page, by its path in the documentation. */
  readonly picture?: (path: string, alt: string) => ReactNode;
}

/** Markdown with tables, code, diagrams, admonitions and tabs. HTML in it is dropped; links to other pages stay inside. */
export function Markdown({ text, path, pages, onPage, picture }: Props): ReactNode {
  const blocks = useMemo(() => blocksOf(text), [text]);
  const definitions = useMemo(() => definitionsIn(text), [text]);
  const components = useMemo(() => componentsFor(path, pages, onPage, picture), [path, pages, onPage, picture]);
  return (
    <div className={classes.markdown}>
      <Blocks
        blocks={blocks}
        draw={(part) => (
          <ReactMarkdown remarkPlugins={[remarkGfm]} rehypePlugins={[rehypeSanitize]} components={components}>
            {blocks.length === 1 ? part : `${part}\n\n${definitions}`}
          </ReactMarkdown>
        )}
      />
    </div>
  );
}

function componentsFor(path: string, pages: readonly string[], onPage: (path: string) => void, picture: Props["picture"]): Components {
  return {
    a: ({ href = "", children }) => {
      const link = linkOf(href, path, pages);
      if (link.kind === "page") {
        return (
          <button type="button" className={classes.pageLink} onClick={() => onPage(link.path)}>
            {children}
          </button>
        );
      }
      if (link.kind === "inside") return <Link to={link.href as "/"}>{children}</Link>;
      if (link.kind === "anchor") return <a href={href}>{children}</a>;
      if (link.kind === "dead") return <span title={`${href} is not a page of this documentation`}>{children}</span>;
      return (
        <a href={href} target="_blank" rel="noreferrer nofollow">
          {children}
        </a>
      );
    },
    pre: ({ children }) => <Pre>{children}</Pre>,
    img: ({ src, alt = "" }) => {
      if (typeof src !== "string" || src === "") return <span className="rb-dim">[{alt === "" ? "image" : alt}]</span>;
      if (src.startsWith("https://")) return <img src={src} alt={alt} loading="lazy" />;
      const isBeside = !/^[a-z][a-z0-9+.-]*:|^\//i.test(src);
      return isBeside && picture ? (
        picture(resolvePath(src.replace(/[?#].*$/, ""), path), alt)
      ) : (
        <span className="rb-dim">[{alt === "" ? "image" : alt}]</span>
      );
    },
    table: ({ children }) => (
      <div className={classes.tableFrame} tabIndex={0} role="region" aria-label="Table">
        <table>{children}</table>
      </div>
    ),
    input: ({ checked }) => (
      <input type="checkbox" checked={checked === true} disabled readOnly aria-label={checked === true ? "done" : "not done"} />
    ),
    h1: heading("h1"),
    h2: heading("h2"),
    h3: heading("h3"),
    h4: heading("h4"),
  };
}

/** A documentation's headings begin below the page's own. */
function heading(level: "h1" | "h2" | "h3" | "h4"): (props: ComponentProps<"h1">) => ReactNode {
  const Tag = ({ h1: "h2", h2: "h3", h3: "h4", h4: "h5" } as const)[level];
  return function Heading({ children }) {
    return (
      <Tag id={slugOf(textOf(children))} className={classes[level]}>
        {children}
      </Tag>
    );
  };
}

function Pre({ children }: { readonly children?: ReactNode }): ReactNode {
  if (!isValidElement(children)) return <pre>{children}</pre>;
  const { className = "", children: code } = (children as ReactElement<{ className?: string; children?: ReactNode }>).props;
  const lang = /language-([\w+-]+)/.exec(className)?.[1] ?? "";
  const text = textOf(code).replace(/\n$/, "");
  return lang === "mermaid" ? (
    <Mermaid code={text} />
  ) : (
    <CodeBlock code={text} lang={lang} label={lang === "" ? "Code" : `Code, ${lang}`} />
  );
}

function textOf(node: ReactNode): string {
  if (typeof node === "string" || typeof node === "number") return String(node);
  if (Array.isArray(node)) return node.map(textOf).join("");
  return isValidElement<{ children?: ReactNode }>(node) ? textOf(node.props.children) : "";
}
