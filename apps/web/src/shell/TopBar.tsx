import { ActionIcon, Kbd, Menu, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Check, CircleHelp, LogOut, Menu as MenuIcon, Search, UserRound } from "lucide-react";
import type { ReactNode } from "react";

import { getSample } from "@roadbed/contracts/catalog";
import { getMe } from "@roadbed/contracts/identity";
import { signOut } from "../api/session.ts";
import { useOperation } from "../api/use-operation.ts";
import { InboxBell } from "./InboxBell.tsx";
import { Mark } from "./Mark.tsx";
import classes from "./shell.module.css";
import { help, navigation, palette } from "./switch.ts";

/** Mark, search, sample label, person. */
export function TopBar(): ReactNode {
  return (
    <header className={classes.top}>
      <ActionIcon className={classes.burger} variant="subtle" color="gray" size="lg" aria-label="Open navigation" onClick={navigation.open}>
        <MenuIcon size={18} />
      </ActionIcon>
      <Link to="/" className={classes.brand} aria-label="Roadbed, home">
        <Mark />
        <span>Roadbed</span>
      </Link>
      <UnstyledButton className={classes.search} onClick={palette.open}>
        <Search size={15} aria-hidden />
        <span>Search or run a command</span>
        <Kbd size="xs" aria-hidden>
          Ctrl K
        </Kbd>
      </UnstyledButton>
      <div className={classes.topEnd}>
        <SampleLabel />
        <InboxBell />
        <ActionIcon variant="subtle" color="gray" aria-label="Keyboard shortcuts" onClick={help.open} className={classes.helpButton}>
          <CircleHelp size={17} />
        </ActionIcon>
        <PersonMenu />
      </div>
    </header>
  );
}

function SampleLabel(): ReactNode {
  const { data } = useOperation(getSample, {}, { staleTime: 60_000 });
  if (data?.loaded !== true) return null;
  return (
    <Link
      to="/settings"
      search={{ tab: "about" }}
      className={classes.sample}
      title="What you see belongs to a sample estate. Remove it in Settings."
    >
      Sample data
    </Link>
  );
}

const SCHEMES = [
  { value: "auto", label: "Theme: as the system" },
  { value: "light", label: "Theme: light" },
  { value: "dark", label: "Theme: dark" },
] as const;

function PersonMenu(): ReactNode {
  const { data: me } = useOperation(getMe, {});
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const name = me?.displayName ?? "You";
  return (
    <Menu position="bottom-end" width={230} shadow="md">
      <Menu.Target>
        <UnstyledButton className={classes.person} aria-label={`${initials(name)}: account of ${name}`}>
          <span aria-hidden>{initials(name)}</span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {name}
          {me?.role !== undefined && ` · ${me.role}`}
        </Menu.Label>
        <Menu.Item component={Link} to="/settings" leftSection={<UserRound size={15} />}>
          Your account
        </Menu.Item>
        <Menu.Divider />
        {SCHEMES.map(({ value, label }) => (
          <Menu.Item
            key={value}
            onClick={() => setColorScheme(value)}
            rightSection={colorScheme === value ? <Check size={14} aria-label="chosen" /> : null}
          >
            {label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<LogOut size={15} />} onClick={() => void signOut()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function initials(name: string): string {
  const words = name.split(/\s+/).filter((word) => word !== "");
  return ((words[0]?.[0] ?? "") + (words.length > 1 ? (words.at(-1)?.[0] ?? "") : "")).toUpperCase();
}
