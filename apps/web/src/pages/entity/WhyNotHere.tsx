import { Button, Group } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { CircleCheck, CircleSlash, CircleX, SearchX, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

import { explainEntity } from "@roadbed/contracts/catalog/time";
import { useOperation } from "../../api/use-operation.ts";
import { palette } from "../../shell/switch.ts";
import { formatExact } from "../../format/time.ts";
import { useActorName } from "../../ui/Actor.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Section } from "../../ui/Page.tsx";
import { When } from "../../ui/When.tsx";
import classes from "../changes/changes.module.css";
import { capital } from "../changes/sentence.ts";

const ICONS: Readonly<Record<string, LucideIcon>> = { found: CircleCheck, stopped: CircleX, nothing: CircleSlash };

/** Something is not in the catalogue: what was seen of it, where it stopped, and what to do. */
export function WhyNotHere({ what }: { readonly what: string }): ReactNode {
  const { data, isPending } = useOperation(explainEntity, { what }, { keep: true });
  if (isPending) return <SkeletonRows rows={6} height={44} />;
  const act = (
    <Group gap={8} justify="center">
      {data?.link !== undefined && (
        <Button component={Link} to={data.link} variant="light">
          {wordsOf(data.link)}
        </Button>
      )}
      <Button variant="default" onClick={palette.open}>
        Search
      </Button>
    </Group>
  );
  return (
    <>
      <EmptyState icon={SearchX} title={`${what} is not in the catalogue`} act={act}>
        {data !== undefined && (
          <>
            <p>
              <Said text={data.says} />
            </p>
            {data.mend !== undefined && !isSaid(data.says, data.mend) && (
              <p>
                <Said text={data.mend} />
              </p>
            )}
            {data.refs.length > 0 && (
              <Group component="p" gap="md">
                {data.refs.map((ref) => (
                  <EntityLink key={ref} entityRef={ref} />
                ))}
              </Group>
            )}
          </>
        )}
      </EmptyState>
      {data !== undefined && (
        <Section title="What was looked at">
          <ol className={classes.list}>
            {data.steps.map(({ looked, outcome, detail, at, link, file, line }, index) => {
              const Icon = ICONS[outcome] ?? CircleSlash;
              return (
                <li key={index} className={classes.item}>
                  <Icon size={15} aria-label={outcome} />
                  <div className={classes.itemText}>
                    <div>{link === undefined ? capital(looked) : <Link to={link}>{capital(looked)}</Link>}</div>
                    <div className={classes.itemDetail}>
                      <Said text={detail} />
                      {file !== undefined && (
                        <code className="rb-mono">
                          {" "}
                          {file}
                          {line !== undefined && `:${line}`}
                        </code>
                      )}
                    </div>
                  </div>
                  <span className={`${classes.itemAside} rb-dim`}>{at !== undefined && <When at={at} />}</span>
                </li>
              );
            })}
          </ol>
        </Section>
      )}
    </>
  );
}

/** What the page is on which it can be mended. */
function wordsOf(link: string): string {
  const [, word] = PAGES.find(([start]) => link.startsWith(start)) ?? [];
  return word ?? "Show it";
}

const PAGES = [
  ["/changes?tab=removed", "Removed entities"],
  ["/sources/", "Show the source"],
  ["/sources", "Bring it"],
  ["/discover", "Show the proposal"],
] as const;

/** The server's words, with moments, people and commands as they read best here. */
function Said({ text }: { readonly text: string }): ReactNode {
  const nameOf = useActorName();
  return text.split(PARTS).map((part, at) => {
    if (MOMENT.test(part)) return <b key={at}>{formatExact(new Date(part))}</b>;
    if (ACTOR.test(part)) return <span key={at}>{nameOf(part)}</span>;
    if (part.startsWith("`") && part.endsWith("`"))
      return (
        <code key={at} className="rb-mono">
          {part.slice(1, -1)}
        </code>
      );
    return part;
  });
}

const PARTS = /(\d{4}-\d\d-\d\dT[\d:.]+Z|(?:user:usr_|service:tok_)\w+|system:[\w.-]+\w|`[^`]+`)/;
const MOMENT = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
const ACTOR = /^(?:user:usr_|service:tok_|system:)/;

/** Whether the sentence names the same command already. */
function isSaid(says: string, mend: string): boolean {
  const command = /roadbed .+$/.exec(mend)?.[0];
  return says.includes(mend) || (command !== undefined && says.includes(command));
}
