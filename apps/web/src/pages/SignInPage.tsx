import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";

import { fetchAuthMethods, signInByPassword } from "../api/session.ts";
import { Mark } from "../shell/Mark.tsx";
import { ErrorState } from "../ui/ErrorState.tsx";
import classes from "./sign-in.module.css";

const route = getRouteApi("/sign-in");

/** Name and password, the company's sign-in where there is one, and where the first link is found. */
export function SignInPage(): ReactNode {
  const { error, to } = route.useSearch();
  const methods = useQuery({ queryKey: ["auth.methods"], queryFn: fetchAuthMethods });
  return (
    <main className={classes.page}>
      <title>Sign in · Roadbed</title>
      <div className={classes.card}>
        <div className={classes.brand}>
          <Mark size={32} />
          <h1>Sign in to Roadbed</h1>
        </div>
        {error !== undefined && <ErrorState error={new Error(LINK_ERRORS[error] ?? "That did not work. Try again.")} />}
        {methods.data?.oidc !== undefined && (
          <Button
            component="a"
            href={to === undefined ? methods.data.oidc.url : `${methods.data.oidc.url}?returnTo=${encodeURIComponent(to)}`}
            size="sm"
            fullWidth
            variant="default"
          >
            {methods.data.oidc.label}
          </Button>
        )}
        {methods.data?.password !== false && <PasswordForm />}
        <FirstTime />
      </div>
    </main>
  );
}

function PasswordForm(): ReactNode {
  const { to } = route.useSearch();
  const navigate = route.useNavigate();
  const queries = useQueryClient();
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const signIn = useMutation({
    mutationFn: () => signInByPassword(username, password),
    onSuccess: async () => {
      queries.clear();
      // Only a path of our own: the address bar must not send anybody elsewhere.
      await navigate({ to: to !== undefined && /^\/(?!\/)/.test(to) ? to : "/" });
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        signIn.mutate();
      }}
    >
      <Stack gap="sm">
        <TextInput
          label="Username"
          autoComplete="username"
          autoFocus
          value={username}
          onChange={(event) => setUsername(event.currentTarget.value)}
          required
          withAsterisk={false}
        />
        <PasswordInput
          label="Password"
          autoComplete="current-password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          required
          withAsterisk={false}
          visibilityToggleButtonProps={{ "aria-label": "Show the password" }}
        />
        {signIn.error !== null && <ErrorState error={signIn.error} />}
        <Button type="submit" size="sm" loading={signIn.isPending}>
          Sign in
        </Button>
      </Stack>
    </form>
  );
}

function FirstTime(): ReactNode {
  return (
    <details className={classes.first}>
      <summary>First time here?</summary>
      <p>
        When Roadbed starts for the first time it prints a <strong>one-time link</strong> in the terminal. Open it: you are the
        administrator, and you choose a password. Did it expire, or was it used? As long as no administrator has a password, every start
        prints a new one.
      </p>
      <p>Everybody else gets an account from an administrator, under Settings → People.</p>
    </details>
  );
}

/** Why a link or the company's sign-in sent somebody back here. */
const LINK_ERRORS: Readonly<Record<string, string>> = {
  "link-used": "That link was used already. Sign in with your password.",
  "link-expired": "That link is too old. Ask for a new one.",
  "link-invalid": "That link is not one of ours. Copy the whole of it from the terminal.",
  oidc: "The company's sign-in did not accept you.",
  disabled: "This account is switched off. Ask an administrator.",
};
