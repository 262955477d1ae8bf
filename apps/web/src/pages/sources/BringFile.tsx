import { Button, Group, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { FileUp } from "lucide-react";
import { useRef, useState, type DragEvent, type ReactNode } from "react";

import { applyUpload, previewUpload, type ColumnMapping, type UploadFormat } from "@roadbed/contracts/catalog/imports";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Panel, Section } from "../../ui/Page.tsx";
import { tellDone, tellFault } from "../settings/tell.ts";
import { UploadPreview } from "./UploadPreview.tsx";
import classes from "./sources.module.css";

const WAIT_MS = 400;
/** What one upload may hold; the server says the same. */
const MAX_CHARACTERS = 3_500_000;

const FORMATS: readonly { readonly value: UploadFormat; readonly label: string }[] = [
  { value: "auto", label: "Look at it" },
  { value: "csv", label: "Table (CSV)" },
  { value: "port", label: "Port: blueprints and entities (JSON)" },
  { value: "compass", label: "Compass: compass.yml" },
  { value: "cortex", label: "Cortex: cortex.yaml" },
  { value: "opslevel", label: "OpsLevel: opslevel.yml" },
  { value: "descriptors", label: "Backstage descriptors" },
];

/** An export of another portal or a table: dropped or pasted, looked at line by line, and only then brought in. */
export function BringFile(): ReactNode {
  const [text, setText] = useState("");
  const [format, setFormat] = useState<UploadFormat>("auto");
  const [mapping, setMapping] = useState<ColumnMapping | undefined>();
  const [name, setName] = useState("");
  const [asked] = useDebouncedValue(text, WAIT_MS);
  const input = { text: asked, format, ...(mapping === undefined ? {} : { mapping }) };
  const isLarge = text.length > MAX_CHARACTERS;
  const preview = useOperation(previewUpload, input, { enabled: asked.trim() !== "" && !isLarge, keep: true, staleTime: 60_000 });
  const apply = useAct(applyUpload, {
    touches: ["catalog", "paths"],
    onDone: ({ source, counts }) => {
      tellDone(
        `${source.name}: ${formatCount(counts.registered, "new entity", "new entities")}, ${counts.changed} changed, ${counts.removed} removed.`,
      );
      setText("");
      setMapping(undefined);
    },
  });
  const take = (next: string, file?: string): void => {
    setText(next);
    setMapping(undefined);
    if (file !== undefined) setName((given) => given || file.replace(/\.[a-z]+$/i, ""));
  };
  return (
    <Section title="Bring a file">
      <p className={classes.lead}>
        An export of Port, Compass, Cortex or OpsLevel, a table, or descriptors. You see what it would bring and what is wrong in which line
        before anything is written; afterwards it is a source that can be removed again.
      </p>
      <Panel>
        <Stack gap="sm">
          <FileText text={text} onText={take} />
          <Group gap="sm" align="end">
            <Select
              label="It is"
              data={[...FORMATS]}
              value={format}
              allowDeselect={false}
              onChange={(value) => setFormat(value as UploadFormat)}
              w={280}
            />
            <TextInput
              label="Name of the source"
              placeholder="services"
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              w={240}
            />
            <Button
              title={name.trim() === "" && asked.trim() !== "" ? "Name the source first" : undefined}
              disabled={name.trim() === "" || asked.trim() === "" || preview.data === undefined || preview.data.total === 0}
              loading={apply.isPending}
              onClick={() => apply.mutate({ ...input, name: name.trim() }, { onError: tellFault("Nothing was brought in") })}
            >
              Bring it in
            </Button>
          </Group>
          {isLarge && <p role="alert">This is larger than one upload may be. Split it, and bring each part under a name of its own.</p>}
          {preview.error !== null && asked.trim() !== "" && <ErrorState error={preview.error} />}
          {preview.data !== undefined && asked.trim() !== "" && (
            <UploadPreview preview={preview.data} stale={preview.isPlaceholderData} onMapping={setMapping} />
          )}
        </Stack>
      </Panel>
    </Section>
  );
}

/** Takes a dropped file, a chosen one, or what is pasted. */
function FileText({ text, onText }: { readonly text: string; readonly onText: (text: string, file?: string) => void }): ReactNode {
  const chooser = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const read = (file: File | undefined): void => {
    if (file) void file.text().then((content) => onText(content, file.name));
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    read(event.dataTransfer.files[0]);
  };
  return (
    <div
      className={classes.drop}
      data-over={over}
      onDragOver={(event) => (event.preventDefault(), setOver(true))}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <Group justify="space-between" mb={6}>
        <span className="rb-dim">Drop a file here, or paste its text.</span>
        <Button size="xs" variant="default" leftSection={<FileUp size={14} aria-hidden />} onClick={() => chooser.current?.click()}>
          Choose a file
        </Button>
        <input
          ref={chooser}
          type="file"
          hidden
          accept=".csv,.tsv,.json,.ndjson,.yaml,.yml,.txt"
          aria-label="File"
          onChange={(event) => read(event.currentTarget.files?.[0])}
        />
      </Group>
      <Textarea
        aria-label="Text of the file"
        placeholder={"name,team,lifecycle\norders,team-a,production"}
        value={text}
        onChange={(event) => onText(event.currentTarget.value)}
        rows={8}
        spellCheck={false}
        classNames={{ input: classes.yaml ?? "" }}
      />
    </div>
  );
}
