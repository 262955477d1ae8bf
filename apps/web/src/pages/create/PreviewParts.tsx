import { Tabs } from "@mantine/core";
import { useMemo, useState, type ReactNode } from "react";

import type { Preview } from "@roadbed/contracts/paths";
import { formatBytes, formatCount } from "../../format/number.ts";
import { CodeBlock } from "../../markdown/CodeBlock.tsx";
import { langOfFile } from "../../markdown/lang-of-file.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Tag } from "../../ui/Tag.tsx";
import classes from "./create.module.css";
import { toTree } from "./file-tree.ts";

/** Everything that would be made: files, entities, resources and what each step would do. */
export function PreviewParts({ preview }: { readonly preview: Preview }): ReactNode {
  const { files, entities, resources, steps, monthlyCost } = preview;
  return (
    <>
      <p className={classes.cost}>
        {monthlyCost === undefined ? (
          <span className="rb-dim">No price is known for this, so no cost is estimated.</span>
        ) : (
          <>
            About{" "}
            <b>
              {monthlyCost.amount} {monthlyCost.currency}
            </b>{" "}
            a month <span className="rb-dim">({monthlyCost.basis})</span>
          </>
        )}
      </p>
      <Tabs defaultValue="files">
        <Tabs.List>
          <Tabs.Tab value="files">{formatCount(files.length, "file")}</Tabs.Tab>
          <Tabs.Tab value="entities">{formatCount(entities.length, "entity", "entities")}</Tabs.Tab>
          <Tabs.Tab value="resources">{formatCount(resources.length, "resource")}</Tabs.Tab>
          <Tabs.Tab value="steps">{formatCount(steps.length, "step")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="files" pt="md">
          <Files files={files} />
        </Tabs.Panel>
        <Tabs.Panel value="entities" pt="md">
          {entities.map(({ ref, yaml }) => (
            <div key={ref}>
              <h3 className="rb-mono">{ref}</h3>
              <CodeBlock code={yaml} lang="yaml" label={ref} />
            </div>
          ))}
        </Tabs.Panel>
        <Tabs.Panel value="resources" pt="md">
          <ul className={classes.plain}>
            {resources.map(({ kind, name, summary }) => (
              <li key={`${kind} ${name}`}>
                <Tag>{kind}</Tag> <b>{name}</b> <span className="rb-dim">{summary}</span>
              </li>
            ))}
          </ul>
        </Tabs.Panel>
        <Tabs.Panel value="steps" pt="md">
          <ol className={classes.effects}>
            {steps.map(({ id, name, action, effect, skipped }) => (
              <li key={id} data-skipped={skipped}>
                <b>{name}</b> <code className="rb-mono rb-dim">{action}</code>
                <div>{skipped ? "Would be skipped." : effect}</div>
              </li>
            ))}
          </ol>
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

type PreviewFile = Preview["files"][number];

function Files({ files }: { readonly files: readonly PreviewFile[] }): ReactNode {
  const rows = useMemo(() => toTree(files), [files]);
  const [path, setPath] = useState(() => firstToShow(files));
  const file = files.find((one) => one.path === path);
  if (files.length === 0) return <EmptyState compact title="This path makes no files" />;
  return (
    <div className={classes.files}>
      <ul className={classes.tree} aria-label="Files">
        {rows.map(({ key, name, depth, file: own }) => (
          <li key={key} style={{ paddingLeft: depth * 14 }}>
            {own === undefined ? (
              <span className={classes.folder}>{name}/</span>
            ) : (
              <button type="button" aria-current={own.path === path} onClick={() => setPath(own.path)}>
                {name}
                {own.executable && <span className="rb-dim"> *</span>}
              </button>
            )}
          </li>
        ))}
      </ul>
      {file !== undefined && (
        <div className={classes.fileView}>
          <div className={classes.fileHead}>
            <code className="rb-mono">{file.path}</code>
            <span className="rb-dim">
              {formatBytes(file.bytes)}
              {file.executable && ", executable"}
            </span>
          </div>
          {file.text === undefined ? (
            <p className="rb-dim">Not text, or larger than 100 kB.</p>
          ) : (
            <CodeBlock code={file.text} lang={langOfFile(file.path)} label={file.path} numbers maxHeight={480} />
          )}
        </div>
      )}
    </div>
  );
}

function firstToShow(files: readonly PreviewFile[]): string {
  return (files.find(({ path }) => path.toLowerCase() === "readme.md") ?? files[0])?.path ?? "";
}
