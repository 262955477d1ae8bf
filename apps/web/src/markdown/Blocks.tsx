import { Tabs } from "@mantine/core";
import {
  AlertTriangle,
  Bug,
  CheckCircle2,
  CircleHelp,
  Flame,
  Info,
  Lightbulb,
  ListChecks,
  Pencil,
  Quote,
  type LucideIcon,
} from "lucide-react";
import type { ReactNode } from "react";

import type { Block } from "./blocks.ts";
import classes from "./markdown.module.css";

interface Props {
  readonly blocks: readonly Block[];
  readonly draw: (markdown: string) => ReactNode;
}

/** The stretches of a page one after the other; `draw` draws those that are plain Markdown. */
export function Blocks({ blocks, draw }: Props): ReactNode {
  return blocks.map((block, at) => {
    if (block.kind === "markdown") return <div key={at}>{draw(block.text)}</div>;
    if (block.kind === "admonition") return <Admonition key={at} block={block} draw={draw} />;
    return (
      <Tabs key={at} defaultValue="0" className={classes.tabs} keepMounted={false}>
        <Tabs.List>
          {block.tabs.map(({ title }, position) => (
            <Tabs.Tab key={position} value={String(position)}>
              {title}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {block.tabs.map((tab, position) => (
          <Tabs.Panel key={position} value={String(position)} pt="sm">
            <Blocks blocks={tab.blocks} draw={draw} />
          </Tabs.Panel>
        ))}
      </Tabs>
    );
  });
}

function Admonition({ block, draw }: { readonly block: Extract<Block, { kind: "admonition" }>; readonly draw: Props["draw"] }): ReactNode {
  const { type, title, folded, blocks } = block;
  const { tone, icon: Icon } = LOOKS[type] ?? LOOKS["note"]!;
  const head = (
    <>
      <Icon size={15} aria-hidden /> {title}
    </>
  );
  if (folded === undefined) {
    return (
      <aside className={classes.admonition} data-tone={tone} aria-label={title === "" ? type : title}>
        {title !== "" && <p className={classes.admonitionTitle}>{head}</p>}
        <Blocks blocks={blocks} draw={draw} />
      </aside>
    );
  }
  return (
    <details className={classes.admonition} data-tone={tone} open={!folded}>
      <summary className={classes.admonitionTitle}>{head}</summary>
      <Blocks blocks={blocks} draw={draw} />
    </details>
  );
}

interface Look {
  readonly tone: "plain" | "ok" | "warn" | "fail";
  readonly icon: LucideIcon;
}

/** The types that MkDocs, its themes and GitHub know; any other looks like a note. */
const LOOKS: Readonly<Record<string, Look>> = {
  note: { tone: "plain", icon: Pencil },
  info: { tone: "plain", icon: Info },
  abstract: { tone: "plain", icon: ListChecks },
  summary: { tone: "plain", icon: ListChecks },
  tldr: { tone: "plain", icon: ListChecks },
  example: { tone: "plain", icon: ListChecks },
  quote: { tone: "plain", icon: Quote },
  question: { tone: "plain", icon: CircleHelp },
  help: { tone: "plain", icon: CircleHelp },
  faq: { tone: "plain", icon: CircleHelp },
  important: { tone: "plain", icon: Info },
  tip: { tone: "ok", icon: Lightbulb },
  hint: { tone: "ok", icon: Lightbulb },
  success: { tone: "ok", icon: CheckCircle2 },
  check: { tone: "ok", icon: CheckCircle2 },
  done: { tone: "ok", icon: CheckCircle2 },
  warning: { tone: "warn", icon: AlertTriangle },
  caution: { tone: "warn", icon: AlertTriangle },
  attention: { tone: "warn", icon: AlertTriangle },
  danger: { tone: "fail", icon: Flame },
  error: { tone: "fail", icon: Flame },
  failure: { tone: "fail", icon: Flame },
  fail: { tone: "fail", icon: Flame },
  bug: { tone: "fail", icon: Bug },
};
