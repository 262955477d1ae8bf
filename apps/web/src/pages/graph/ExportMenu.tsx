import { Button, Menu } from "@mantine/core";
import { Download } from "lucide-react";
import { useState, type ReactNode } from "react";

import { exportGraph, type viewGraph } from "@roadbed/contracts/catalog/graph";
import type { InputOf } from "@roadbed/core";
import { client } from "../../api/client.ts";
import { toWords } from "../../api/errors.ts";

const FORMATS = [
  { format: "svg", label: "SVG picture" },
  { format: "png", label: "PNG picture" },
  { format: "mermaid", label: "Mermaid, for Markdown" },
  { format: "csv", label: "CSV of the relations" },
  { format: "dot", label: "Graphviz DOT" },
] as const;
type Format = (typeof FORMATS)[number]["format"];
/** Twice the size, for screens with fine dots; not beyond what a browser can hold. */
const SCALE = 2;
const MOST_PIXELS = 8_000;

/** Saves what is shown, grouped as it is shown. */
export function ExportMenu({ question }: { readonly question: InputOf<typeof viewGraph> }): ReactNode {
  const [said, setSaid] = useState<string | undefined>();
  const [busy, setBusy] = useState(false);
  const run = async (format: Format): Promise<void> => {
    setBusy(true);
    setSaid(undefined);
    try {
      const asked = await client.call(exportGraph, { ...question, format: format === "png" ? "svg" : format });
      const blob = new Blob([asked.text], { type: asked.mediaType });
      save(format === "png" ? await toPng(asked.text) : blob, format === "png" ? asked.fileName.replace(/\.svg$/, ".png") : asked.fileName);
    } catch (error) {
      setSaid(toWords(error).title);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" size="compact-sm" leftSection={<Download size={14} aria-hidden />} loading={busy} title={said}>
          {said === undefined ? "Export" : "Export failed"}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {FORMATS.map(({ format, label }) => (
          <Menu.Item key={format} onClick={() => void run(format)}>
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Drawn by the browser: the picture is text of our own, so nothing from elsewhere can come in with it. */
async function toPng(svg: string): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const scale = Math.min(SCALE, MOST_PIXELS / Math.max(image.width, image.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(image.width * scale);
  canvas.height = Math.ceil(image.height * scale);
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob === null ? reject(new Error("The picture is too large.")) : resolve(blob)), "image/png"),
  );
}
