import { Button, FileButton, Group, Tabs } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { Link } from "@tanstack/react-router";
import { useMemo, useRef, useState, type ReactNode } from "react";

import { completePath, lintPath, newPath, previewDraft, testPath, type LintProblem } from "@roadbed/contracts/paths/authoring";
import type { OutputOf } from "@roadbed/core";
import { client } from "../../api/client.ts";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { SchemaForm } from "../../schema-form/SchemaForm.tsx";
import type { Values } from "../../schema-form/schema.ts";
import { CodeEditor, type CodeEditorHandle } from "../../ui/code-editor/CodeEditor.tsx";
import type { Suggest } from "../../ui/code-editor/editor-types.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { PreviewParts } from "../create/PreviewParts.tsx";
import { Verdict } from "../create/Verdict.tsx";
import classes from "./draft.module.css";
import { toBase64, TEMPLATE, type Files } from "./draft-files.ts";

const WAIT_MS = 600;

/** A path that is being written: its files, what is wrong with them, its form with real choices, and what it would make. */
export function DraftPage(): ReactNode {
  const [files, setFiles] = useState<Files>({});
  const [open, setOpen] = useState(TEMPLATE);
  const start = useAct(newPath, {
    onDone: ({ files: made }) => {
      setFiles(Object.fromEntries(made.map(({ path, text }) => [path, text])));
      setOpen(TEMPLATE);
    },
  });
  const read = async (chosen: readonly File[]): Promise<void> => {
    const texts = await Promise.all(chosen.map(async (file) => [nameOf(file), await file.text()] as const));
    setFiles((old) => ({ ...old, ...Object.fromEntries(texts) }));
    setOpen(texts.some(([name]) => name === TEMPLATE) ? TEMPLATE : (texts[0]?.[0] ?? TEMPLATE));
  };
  const empty = Object.keys(files).length === 0;
  return (
    <Page
      title="Write a path"
      state={
        empty
          ? "A draft is checked, tested and previewed here. It never has effects."
          : `${Object.keys(files).length} files. Nothing here has effects.`
      }
      trail={<Link to="/create">Create</Link>}
      act={<Link to="/write/actions">Actions</Link>}
    >
      <Group gap="xs" mb="md">
        <Button
          size="sm"
          variant={empty ? "filled" : "default"}
          loading={start.isPending}
          onClick={() => start.mutate({ name: "my-service" })}
        >
          {empty ? "Begin with an example" : "Begin anew"}
        </Button>
        <FileButton multiple onChange={(chosen) => void read(chosen)}>
          {(props) => (
            <Button size="sm" variant="default" {...props}>
              Add files
            </Button>
          )}
        </FileButton>
        <FileButton multiple inputProps={{ webkitdirectory: "" } as object} onChange={(chosen) => void read(chosen)}>
          {(props) => (
            <Button size="sm" variant="default" {...props}>
              Add a folder
            </Button>
          )}
        </FileButton>
      </Group>
      {start.error !== null && <ErrorState error={start.error} />}
      {!empty && <Editor files={files} open={open} onOpen={setOpen} onChange={setFiles} />}
    </Page>
  );
}

/** Below the folder that was chosen. */
function nameOf(file: File): string {
  const parts = file.webkitRelativePath.split("/").slice(1);
  return parts.length === 0 ? file.name : parts.join("/");
}

interface EditorProps {
  readonly files: Files;
  readonly open: string;
  readonly onOpen: (path: string) => void;
  readonly onChange: (files: Files) => void;
}

function Editor({ files, open, onOpen, onChange }: EditorProps): ReactNode {
  const [asked] = useDebouncedValue(files, WAIT_MS);
  const folder = useMemo(() => Object.entries(asked).map(([path, text]) => ({ path, base64: toBase64(text) })), [asked]);
  const lint = useOperation(lintPath, { folder }, { keep: true });
  const problems = lint.data?.problems ?? NONE;
  const mine = useMemo(() => problems.filter(({ file }) => file === open), [problems, open]);
  const text = useRef<CodeEditorHandle>(null);
  const show = ({ file, line, column }: LintProblem): void => {
    if (file === open) text.current?.show(line, column);
    else onOpen(file);
  };
  return (
    <div className={classes.editor}>
      <div>
        <Tabs value={open} onChange={(path) => path !== null && onOpen(path)} mb="xs">
          <Tabs.List>
            {Object.keys(files)
              .toSorted(templateFirst)
              .map((path) => (
                <Tabs.Tab key={path} value={path} size="xs">
                  {path}
                  {problems.some((one) => one.file === path && one.severity === "error") && <span className={classes.bad}> •</span>}
                </Tabs.Tab>
              ))}
          </Tabs.List>
        </Tabs>
        <Problems problems={problems} onOpen={show} />
        <CodeEditor
          key={open}
          ref={text}
          label={open}
          hideLabel
          value={files[open] ?? ""}
          onChange={(written) => onChange({ ...files, [open]: written })}
          problems={mine}
          {...(open === TEMPLATE && { suggest })}
          isYaml={/\.ya?ml$/.test(open)}
          minLines={24}
          maxLines={44}
        />
      </div>
      <Try folder={folder} pages={lint.data?.pages ?? []} broken={lint.data?.ok !== true} />
    </div>
  );
}

const NONE: readonly LintProblem[] = [];

/** Asked of the server, which knows the actions. What cannot be asked offers nothing. */
const suggest: Suggest = async ({ text, line, column, signal }) => {
  try {
    return await client.call(completePath, { text, line, column }, { signal });
  } catch {
    return undefined;
  }
};

function templateFirst(a: string, b: string): number {
  return Number(b === TEMPLATE) - Number(a === TEMPLATE) || a.localeCompare(b);
}

function Problems({
  problems,
  onOpen,
}: {
  readonly problems: readonly LintProblem[];
  readonly onOpen: (problem: LintProblem) => void;
}): ReactNode {
  if (problems.length === 0) return <p className="rb-dim">Nothing is wrong with it.</p>;
  return (
    <ul className={classes.problems} aria-label="What is wrong">
      {problems.map((one) => (
        <li key={`${one.file}:${one.line}:${one.column}:${one.reason}`} data-severity={one.severity}>
          <button type="button" onClick={() => onOpen(one)}>
            {one.file}:{one.line}:{one.column}
          </button>{" "}
          {one.reason}. {one.mend}
        </li>
      ))}
    </ul>
  );
}

interface TryProps {
  readonly folder: readonly { readonly path: string; readonly base64: string }[];
  readonly pages: OutputOf<typeof lintPath>["pages"];
  readonly broken: boolean;
}

/** The draft's own form with what is in the catalogue, its tests, and what it would make with these answers. */
function Try({ folder, pages, broken }: TryProps): ReactNode {
  const [values, setValues] = useState<Values>({});
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const tests = useAct(testPath, {});
  const [asked] = useDebouncedValue(values, WAIT_MS);
  // Nobody has answered yet: there is nothing to preview, and nothing to complain of.
  const begun = Object.keys(asked).length > 0;
  const preview = useOperation(previewDraft, { folder: [...folder], values: { ...asked } }, { keep: true, enabled: begun && !broken });
  return (
    <div>
      <Section title="Its form">
        {!begun && <p className="rb-dim">Answer it, and what it would make stands below, with what policy says.</p>}
        {pages.map(({ title, schema }) => (
          <SchemaForm
            key={title}
            schema={schema}
            state={{
              values,
              problems: preview.data?.problems ?? [],
              touched,
              onChange: setValues,
              onTouch: (path) => setTouched((old) => new Set([...old, path])),
            }}
          />
        ))}
        <Group gap="xs" mt="md">
          <Button
            size="sm"
            variant="default"
            disabled={broken}
            loading={tests.isPending}
            onClick={() => tests.mutate({ folder: [...folder] })}
          >
            Run its tests
          </Button>
        </Group>
      </Section>
      {tests.data !== undefined && (
        <Section title="Tests">
          <ul className={classes.problems}>
            {tests.data.tests.map(({ file, name, result, problems }) => (
              <li key={file} data-severity={result === "passed" ? "fine" : "error"}>
                {result === "passed" ? "✓" : "✗"} {name}
                {problems.map((one) => (
                  <div key={one}>{one}</div>
                ))}
              </li>
            ))}
          </ul>
          {tests.data.tests.length === 0 && <p className="rb-dim">It has none: add tests/NAME.yaml.</p>}
        </Section>
      )}
      {tests.error !== null && <ErrorState error={tests.error} />}
      {preview.error !== null && <ErrorState error={preview.error} />}
      {preview.data?.preview !== undefined && (
        <>
          <Verdict verdict={preview.data.preview.verdict} findings={preview.data.preview.findings} />
          <PreviewParts preview={preview.data.preview} />
        </>
      )}
    </div>
  );
}
