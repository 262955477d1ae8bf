import { Button, CloseButton } from "@mantine/core";
import { useSessionStorage } from "@mantine/hooks";
import { KeyRound } from "lucide-react";
import { lazy, Suspense, useState, type ReactNode } from "react";

import classes from "./shell.module.css";

const PasswordDialog = lazy(async () => ({ default: (await import("./PasswordDialog.tsx")).PasswordDialog }));

/** Asked of the first administrator, who came in by a link that works once. A line, not a wall: the estate can be looked at first. */
export function SetPassword(): ReactNode {
  const [opened, setOpened] = useState(false);
  const [later, setLater] = useSessionStorage({ key: "roadbed.password-later", defaultValue: false });
  if (later) return null;
  return (
    <div className={classes.banner} role="region" aria-label="Reminder">
      <KeyRound size={16} aria-hidden />
      <span>The link that brought you here worked once. Choose a password, so that you can come back.</span>
      <Button onClick={() => setOpened(true)}>Choose a password</Button>
      <CloseButton aria-label="Later" onClick={() => setLater(true)} />
      <Suspense>{opened && <PasswordDialog onClose={() => setOpened(false)} />}</Suspense>
    </div>
  );
}
