import { Button } from "@mantine/core";
import { KeyRound } from "lucide-react";
import type { ReactNode } from "react";

import type { createToken } from "@roadbed/contracts/identity";
import type { OutputOf } from "@roadbed/core";
import { CopyButton, CopyText } from "../../ui/Copy.tsx";
import classes from "./settings.module.css";

/** The secret, this once, and how it is used. */
export function SecretShown({
  made: { token, secret },
  onClose,
}: {
  readonly made: OutputOf<typeof createToken>;
  readonly onClose: () => void;
}): ReactNode {
  return (
    <div className={classes.secret} role="status">
      <KeyRound size={18} aria-hidden />
      <div>
        <h2>{token.name} is made. Copy its secret now: it is not shown again.</h2>
        <div className={classes.secretText}>
          <code>{secret}</code>
          <CopyButton text={secret} what="secret" />
        </div>
        <p className="rb-dim">
          Roadbed keeps only a hash of it. <Use scopes={token.scopes} secret={secret} />
        </p>
        <Button variant="default" onClick={onClose} mt={8}>
          I have copied it
        </Button>
      </div>
    </div>
  );
}

function Use({ scopes, secret }: { readonly scopes: readonly string[]; readonly secret: string }): ReactNode {
  if (scopes.every((scope) => scope === "otlp:write")) {
    return (
      <>
        For an exporter: <CopyText text={`OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer ${secret}"`} what="setting" />
      </>
    );
  }
  if (scopes.every((scope) => scope.startsWith("git:"))) return "Git takes it as the password, with any name.";
  return (
    <>
      For the command line: <CopyText text={`export ROADBED_TOKEN=${secret}`} what="setting" />
    </>
  );
}
