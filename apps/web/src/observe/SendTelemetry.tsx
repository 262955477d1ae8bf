import { Activity } from "lucide-react";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { CodeBlock } from "../markdown/CodeBlock.tsx";
import { EmptyState } from "../ui/EmptyState.tsx";
import classes from "./observe.module.css";

/** A service of which nothing arrived in the window: where it should send to, and how. */
export function NothingSent({ service }: { readonly service: string }): ReactNode {
  return (
    <EmptyState icon={Activity} title={`${service} sent nothing in this time`}>
      <p>
        Choose a longer time, or send it a request: figures arrive within seconds. If it never sent anything, tell its OpenTelemetry
        exporter where to:
      </p>
      <SendSnippet service={service} />
    </EmptyState>
  );
}

/** No telemetry at all: what it is, and how the first service sends some. */
export function NoTelemetry({ what }: { readonly what: string }): ReactNode {
  return (
    <EmptyState icon={Activity} title={`No ${what} in this time`}>
      <p>
        Roadbed takes traces, logs and metrics by OTLP, and makes rates, errors and latencies of them. What a golden path creates sends them
        from its first request. To connect a service of your own, start it with:
      </p>
      <SendSnippet service="my-service" />
      <p>
        Make a token with the scope <code>otlp:write</code> in{" "}
        <Link to="/settings" search={{ tab: "tokens" }}>
          Settings
        </Link>
        . The name that you give here is the name of its page.
      </p>
    </EmptyState>
  );
}

function SendSnippet({ service }: { readonly service: string }): ReactNode {
  return (
    <div className={classes.snippet}>
      <CodeBlock label="Environment of an OpenTelemetry exporter" lang="bash" code={snippetOf(service, globalThis.location.origin)} />
    </div>
  );
}

/** The environment by which any OpenTelemetry exporter finds this server. */
export function snippetOf(service: string, origin: string): string {
  return [
    `export OTEL_SERVICE_NAME=${service}`,
    `export OTEL_EXPORTER_OTLP_ENDPOINT=${origin}`,
    "export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
    'export OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20$TOKEN"',
  ].join("\n");
}
