import { useMantineColorScheme } from "@mantine/core";
import { useEffect, useId, useRef, useState, type ReactNode } from "react";

import { CodeBlock } from "./CodeBlock.tsx";
import classes from "./markdown.module.css";

/** A diagram from its text; the library comes only when a page has one. What it cannot draw is shown as text. */
export function Mermaid({ code }: { readonly code: string }): ReactNode {
  const id = `m${useId().replaceAll(/[^a-zA-Z0-9]/g, "")}`;
  const box = useRef<HTMLDivElement>(null);
  const { colorScheme } = useMantineColorScheme();
  const [failed, setFailed] = useState(false);
  const dark = colorScheme === "dark" || (colorScheme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  useEffect(() => {
    let wanted = true;
    draw(id, code, dark)
      .then((svg) => {
        if (wanted && box.current !== null) box.current.innerHTML = svg;
      })
      .catch(() => wanted && setFailed(true));
    return () => {
      wanted = false;
    };
  }, [id, code, dark]);
  if (failed) return <CodeBlock code={code} lang="" label="Diagram as text" />;
  return (
    <figure className={classes.diagram}>
      <div ref={box} role="img" aria-label={`Diagram: ${code.split("\n").slice(1).join("; ")}`} />
      <details>
        <summary>As text</summary>
        <pre>{code}</pre>
      </details>
    </figure>
  );
}

async function draw(id: string, code: string, dark: boolean): Promise<string> {
  const { default: mermaid } = await import("mermaid");
  // "strict" escapes HTML in labels and switches links and scripts off.
  mermaid.initialize({
    startOnLoad: false,
    securityLevel: "strict",
    theme: dark ? "dark" : "neutral",
    look: "classic",
    layout: "dagre",
    htmlLabels: false,
    flowchart: { nodeSpacing: 30, rankSpacing: 50, wrappingWidth: 280 },
    fontFamily: '"Inter Variable", system-ui, sans-serif',
    fontSize: 14,
  });
  return (await mermaid.render(id, code)).svg;
}
