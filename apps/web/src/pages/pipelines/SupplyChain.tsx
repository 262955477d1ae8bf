import { Button, Group } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { useState, type ReactNode } from "react";

import { getAttestation, getAttestationKey, listAttestations, type Attestation } from "@roadbed/contracts/delivery/attestations";
import type { OutputOf } from "@roadbed/core";
import { client } from "../../api/client.ts";
import { useOperation } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";

type Row = OutputOf<typeof getAttestation>["contents"][number];

const COLUMNS: readonly Column<Row>[] = [
  { id: "name", header: "Library", value: ({ name }) => name, cell: ({ name }) => name },
  {
    id: "version",
    header: "Version",
    width: "140px",
    value: ({ version }) => version,
    cell: ({ version }) => <span className="rb-mono">{version}</span>,
  },
  {
    id: "license",
    header: "Licence",
    width: "140px",
    value: ({ license }) => license ?? "",
    cell: ({ license }) => license ?? <span className="rb-dim">not said</span>,
  },
  {
    id: "use",
    header: "For",
    width: "120px",
    value: ({ development }) => String(development),
    cell: ({ development }) => (development ? "building" : "running"),
  },
  { id: "from", header: "Named by", width: "26%", value: ({ from }) => from, cell: ({ from }) => <span className="rb-mono">{from}</span> },
];

/** How a release was built and what it is made of: signed, and to be kept. */
export function SupplyChain({ release }: { readonly release: string }): ReactNode {
  const { data } = useOperation(listAttestations, { release, limit: 20 });
  const [open, setOpen] = useState(false);
  if (data === undefined || data.items.length === 0) return null;
  const provenance = data.items.find(({ kind }) => kind === "provenance");
  const sbom = data.items.find(({ kind }) => kind === "sbom");
  return (
    <Section title="Provenance and contents">
      <Facts
        of={[
          [
            "Built by",
            provenance === undefined ? (
              <StateBadge key="none" plain word="unknown" label="no pipeline of this platform built it" />
            ) : (
              <span key="by">
                {provenance.builder}{" "}
                {provenance.runId !== undefined && (
                  <Link to="/pipelines/$id" params={{ id: provenance.runId }}>
                    in this run
                  </Link>
                )}
              </span>
            ),
          ],
          ["Made of", sbom === undefined ? undefined : formatCount(sbom.components, "library", "libraries")],
          [
            "Signed with",
            <span key="key" className="rb-mono" title={data.items[0]!.keyId}>
              {data.items[0]!.keyId.slice(0, 16)}…
            </span>,
          ],
        ]}
      />
      <Group gap="xs" mt="xs">
        {provenance !== undefined && <Keep of={provenance} />}
        {sbom !== undefined && <Keep of={sbom} />}
        <KeepKey />
        {sbom !== undefined && sbom.components > 0 && (
          <Button variant="subtle" aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? "Hide the libraries" : "Show the libraries"}
          </Button>
        )}
      </Group>
      {open && sbom !== undefined && <Libraries id={sbom.id} />}
    </Section>
  );
}

function Libraries({ id }: { readonly id: string }): ReactNode {
  const { data, isPending } = useOperation(getAttestation, { id });
  return (
    <DataTable
      label="Libraries"
      columns={COLUMNS}
      rows={data?.contents ?? []}
      rowKey={({ purl }) => purl}
      loading={isPending}
      empty={null}
    />
  );
}

function Keep({ of: { id, kind, commit } }: { readonly of: Attestation }): ReactNode {
  const label = kind === "sbom" ? "Bill of materials" : "Provenance";
  const get = async (): Promise<void> => {
    const { envelope } = await client.call(getAttestation, { id });
    save(`${commit.slice(0, 12)}.${kind === "sbom" ? "cdx" : "provenance"}.intoto.json`, envelope);
  };
  return (
    <Button variant="default" leftSection={<Download size={14} aria-hidden />} onClick={() => void get()}>
      {label}
    </Button>
  );
}

function KeepKey(): ReactNode {
  const get = async (): Promise<void> => save("attestation-key.pem", (await client.call(getAttestationKey, {})).publicKey);
  return (
    <Button variant="default" leftSection={<Download size={14} aria-hidden />} onClick={() => void get()}>
      Public key
    </Button>
  );
}

function save(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
