import { Button } from "@mantine/core";
import { Download } from "lucide-react";
import type { ReactNode } from "react";

import { getPipelineArtefact, type getPipelineRun, type PipelineArtefact } from "@roadbed/contracts/delivery/pipelines";
import type { OutputOf } from "@roadbed/core";
import { client } from "../../api/client.ts";
import { formatBytes } from "../../format/number.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { Section } from "../../ui/Page.tsx";

type Run = Pick<OutputOf<typeof getPipelineRun>, "id" | "artefacts" | "swept">;

/** The files that a run kept. */
export function Artefacts({ run }: { readonly run: Run }): ReactNode {
  const columns: readonly Column<PipelineArtefact>[] = [
    { id: "path", header: "File", value: ({ path }) => path, cell: ({ path }) => <span className="rb-mono">{path}</span> },
    { id: "step", header: "Step", width: "140px", value: ({ step }) => step, cell: ({ step }) => step },
    { id: "bytes", header: "Size", width: "100px", value: ({ bytes }) => bytes, cell: ({ bytes }) => formatBytes(bytes) },
    {
      id: "digest",
      header: "Digest",
      width: "200px",
      value: ({ digest }) => digest,
      cell: ({ digest }) => (
        <span className="rb-mono" title={digest}>
          {digest.slice(0, 19)}…
        </span>
      ),
    },
    {
      id: "get",
      header: "",
      width: "120px",
      value: () => "",
      cell: ({ path }) =>
        run.swept ? (
          <span className="rb-dim">removed</span>
        ) : (
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<Download size={13} aria-hidden />}
            aria-label={`Download ${path}`}
            onClick={() => void download(run.id, path)}
          >
            Download
          </Button>
        ),
    },
  ];
  return (
    <Section title="Artefacts" count={run.artefacts.length}>
      <DataTable label="Artefacts" columns={columns} rows={run.artefacts} rowKey={({ path }) => path} empty={null} />
    </Section>
  );
}

/** Piece by piece, then as one file. */
async function download(id: string, path: string): Promise<void> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (let offset: number | undefined = 0; offset !== undefined;) {
    const piece: OutputOf<typeof getPipelineArtefact> = await client.call(getPipelineArtefact, { id, path, offset });
    pieces.push(Uint8Array.from(atob(piece.base64), (char) => char.charCodeAt(0)));
    offset = piece.next;
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(pieces));
  link.download = path.split("/").at(-1) ?? path;
  link.click();
  URL.revokeObjectURL(link.href);
}
