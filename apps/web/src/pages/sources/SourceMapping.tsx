import { Button, Group } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { testSource, updateSource } from "@roadbed/contracts/catalog/connections";
import { useAct } from "../../api/use-operation.ts";
import { toYaml } from "../../format/yaml.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Section } from "../../ui/Page.tsx";
import { tellDone } from "../settings/tell.ts";
import { MappingEditor, readMapping } from "./MappingEditor.tsx";
import { TestView } from "./TestView.tsx";

/** The mapping of a source, changed on its stored answers, tested against the system, and saved. */
export function SourceMapping({ id, mapping }: { readonly id: string; readonly mapping: unknown }): ReactNode {
  const [text, setText] = useState(() => toYaml(mapping));
  const read = readMapping(text);
  const settings = "mapping" in read ? { mapping: read.mapping } : undefined;
  const test = useAct(testSource, { touches: [] });
  const save = useAct(updateSource, { onDone: () => tellDone("The mapping is saved; the source is read again with it.") });
  const fault = save.error ?? test.error;
  return (
    <Section title="Mapping">
      <MappingEditor text={text} onText={setText} sourceId={id} />
      {fault !== null && <ErrorState error={fault} />}
      {test.data !== undefined && <TestView test={test.data} />}
      <Group gap="xs" mt="sm">
        <Button variant="default" disabled={!settings} loading={test.isPending} onClick={() => settings && test.mutate({ id, settings })}>
          Test: show what would change
        </Button>
        <Button disabled={!settings} loading={save.isPending} onClick={() => settings && save.mutate({ id, settings })}>
          Save
        </Button>
      </Group>
    </Section>
  );
}
