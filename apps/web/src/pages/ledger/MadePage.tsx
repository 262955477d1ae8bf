import { Button } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { RotateCw } from "lucide-react";
import type { ReactNode } from "react";

import { checkLedger, diffLedger, showLedger, type LedgerDetail, type LedgerFile } from "@roadbed/contracts/paths/ledger";
import { previewUpgrade, startUpgrade } from "@roadbed/contracts/paths/upgrades";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { toYaml } from "../../format/yaml.ts";
import { CodeBlock } from "../../markdown/CodeBlock.tsx";
import { Diff } from "../../ui/Diff.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { Loaded, SkeletonRows } from "../../ui/Loaded.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { When } from "../../ui/When.tsx";
import { DeclareButton, Deviations } from "./Deviations.tsx";
import classes from "./ledger.module.css";
import { LedgerBadge, versionWords } from "./words.tsx";

const route = getRouteApi("/app/ledger/$id");

/** One made thing: how it stands to its path, and what is different in it. */
export function MadePage(): ReactNode {
  const { id } = route.useParams();
  const made = useOperation(showLedger, { thing: id });
  const check = useAct(checkLedger);
  if (made.data === undefined) {
    return (
      <Page title="Made thing" trail={<Link to="/ledger">Ledger</Link>}>
        {made.error === null ? <SkeletonRows rows={8} /> : <ErrorState error={made.error} retry={() => void made.refetch()} />}
      </Page>
    );
  }
  return (
    <Page
      title={
        <>
          {made.data.repository} <LedgerBadge entry={made.data} />
        </>
      }
      tabTitle={`${made.data.repository}, ledger`}
      trail={<Link to="/ledger">Ledger</Link>}
      state={sentenceOf(made.data)}
      act={
        <Button
          variant="default"
          leftSection={<RotateCw size={14} aria-hidden />}
          loading={check.isPending}
          onClick={() => check.mutate({ thing: id })}
        >
          Look now
        </Button>
      }
    >
      {check.error !== null && <ErrorState error={check.error} />}
      <div className={classes.columns}>
        <div>
          {made.data.older && <NextVersion made={made.data} />}
          {made.data.state !== "gone" && <Differences made={made.data} />}
          <Section title="Files of the path" count={made.data.fileList.length}>
            <FileList files={made.data.fileList} />
          </Section>
        </div>
        <div>
          <About made={made.data} />
          <Deviations made={made.data} />
          <Changelog made={made.data} />
          <Section title="Answers">
            <CodeBlock code={toYaml(made.data.answers)} lang="yaml" label="The answers it was made with" />
          </Section>
        </div>
      </div>
    </Page>
  );
}

/** What the newest version would change, and the way to propose it. */
function NextVersion({ made }: { readonly made: LedgerDetail }): ReactNode {
  const preview = useOperation(previewUpgrade, { thing: made.id });
  const navigate = route.useNavigate();
  const start = useAct(startUpgrade, { onDone: ({ id }) => void navigate({ to: "/upgrades/$id", params: { id } }) });
  const path = made.path.replace(/^.*\//, "");
  return (
    <Section
      title="What the newest version would change"
      act={
        <Button
          disabled={preview.data === undefined || preview.data.refused !== undefined}
          loading={start.isPending}
          onClick={() => start.mutate({ path, things: [made.id] })}
        >
          Propose it
        </Button>
      }
    >
      {start.error !== null && <ErrorState error={start.error} />}
      <Loaded query={preview} skeleton={<SkeletonRows rows={4} />}>
        {({ refused, files }) =>
          refused !== undefined ? (
            <p data-state="fail">{refused}</p>
          ) : files.length === 0 ? (
            <p className="rb-dim">Nothing in it would change.</p>
          ) : (
            <ul className={classes.files}>
              {files.map(({ path: file, outcome, why }) => (
                <li key={`${outcome} ${file}`}>
                  <span className={classes.fileName}>{file}</span>
                  <span data-state={outcome === "conflict" ? "fail" : undefined}>{outcome}</span>
                  <span className="rb-dim">{why}</span>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Section>
  );
}

function Differences({ made }: { readonly made: LedgerDetail }): ReactNode {
  const differing = made.fileList.filter(({ change }) => change !== "none");
  const diff = useOperation(diffLedger, { thing: made.id }, { enabled: differing.length > 0 });
  if (differing.length === 0) return null;
  const fileOf = new Map(differing.flatMap((file) => [[file.path, file] as const, [file.renamedTo ?? file.path, file] as const]));
  return (
    <Section title="What is different" count={differing.length} act={made.drifted > 0 && <DeclareButton made={made} />}>
      <Loaded query={diff} skeleton={<SkeletonRows rows={6} />}>
        {({ items }) => (
          <Diff files={items.map((item) => ({ ...item, note: noteOf(fileOf.get(item.path) ?? fileOf.get(item.was ?? "")) }))} />
        )}
      </Loaded>
    </Section>
  );
}

/** Who did it, and whether it was declared. */
function noteOf(file: LedgerFile | undefined): ReactNode {
  if (file === undefined) return undefined;
  return (
    <>
      {file.commit !== undefined && (
        <>
          <code className="rb-mono">{file.commit.slice(0, 7)}</code> {file.message} <span className="rb-dim">by {file.author}, </span>
          {file.at !== undefined && <When at={file.at} />}
        </>
      )}
      {file.deviation !== undefined && <span data-state="warn"> · declared</span>}
    </>
  );
}

function FileList({ files }: { readonly files: readonly LedgerFile[] }): ReactNode {
  return (
    <ul className={classes.files}>
      {files.map(({ path, managed, change, renamedTo, deviation }) => (
        <li key={path}>
          <span className={classes.fileName}>{path}</span>
          {!managed && <span className="rb-dim">yours: the path only began it</span>}
          {change !== "none" && (
            <span data-state={deviation === undefined ? "fail" : "warn"}>
              {change === "mode" ? "may be run, or not any more" : change}
              {renamedTo !== undefined && ` to ${renamedTo}`}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

function About({ made }: { readonly made: LedgerDetail }): ReactNode {
  return (
    <Section title="About">
      <Facts
        of={[
          ["Entity", made.entityRef === undefined ? undefined : <EntityLink key="entity" entityRef={made.entityRef} />],
          ["Repository", `${made.repository}, ${made.branch}`],
          ["Path", made.pathTitle],
          ["Version", versionWords(made)],
          [
            "Made by",
            <Link key="run" to="/runs/$id" params={{ id: made.runId }}>
              run of <When at={made.madeAt} />
            </Link>,
          ],
          ["Looked at", made.checkedAt === undefined ? "never" : <When key="seen" at={made.checkedAt} />],
          ["Commit", made.checkedCommit === undefined ? undefined : <code className="rb-mono">{made.checkedCommit.slice(0, 12)}</code>],
          ["Path deprecated from", made.deprecatedFrom],
        ]}
      />
    </Section>
  );
}

function Changelog({ made: { changelog } }: { readonly made: LedgerDetail }): ReactNode {
  if (changelog.length === 0) return null;
  return (
    <Section title="Since then in the path">
      {changelog.map(({ version, date, changes }) => (
        <div key={version} className={classes.note}>
          <b>{version}</b> {date !== undefined && <span className="rb-dim">{date}</span>}
          <ul>
            {changes.map((change) => (
              <li key={change}>{change}</li>
            ))}
          </ul>
        </div>
      ))}
    </Section>
  );
}

function sentenceOf({ state, older, drifted, deviating, files, pathTitle }: LedgerDetail): string {
  if (state === "gone") return "Its repository or branch is not there any more.";
  const parts = [
    drifted > 0 ? `${formatCount(drifted, "file")} of ${files} drifted` : undefined,
    deviating > 0 ? `${formatCount(deviating, "file")} ${deviating === 1 ? "deviates" : "deviate"} knowingly` : undefined,
    older ? `${pathTitle} has moved on since` : undefined,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? `As ${pathTitle} makes it.` : `${parts.join("; ")}.`;
}
