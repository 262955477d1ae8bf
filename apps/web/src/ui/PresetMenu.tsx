import { Button, Popover, TextInput, type PopoverProps } from "@mantine/core";
import { Check, ChevronDown, type LucideIcon } from "lucide-react";
import { useState, type FormEvent, type ReactNode } from "react";

import classes from "./preset-menu.module.css";

interface Preset<T> {
  readonly label: string;
  readonly chosen: boolean;
  /** At the time of the click: what is "an hour ago" moves on. */
  readonly value: () => T;
}

interface Props<T> {
  readonly icon: LucideIcon;
  /** What is chosen now, in words. */
  readonly label: string;
  /** What it chooses, for those who do not see the icon. */
  readonly name: string;
  readonly presets: readonly Preset<T>[];
  readonly onChoose: (value: T) => void;
  readonly width: number;
  readonly position: NonNullable<PopoverProps["position"]>;
  /** What is not among the presets; gets what closes the menu and chooses. */
  readonly own: (choose: (value: T) => void) => ReactNode;
}

/** A button that opens a short list to choose from, with a choice of one's own below. */
export function PresetMenu<T>({ icon: Icon, label, name, presets, onChoose, width, position, own }: Props<T>): ReactNode {
  const [opened, setOpened] = useState(false);
  const choose = (value: T): void => {
    setOpened(false);
    onChoose(value);
  };
  return (
    <Popover opened={opened} onChange={setOpened} position={position} shadow="md" trapFocus returnFocus width={width}>
      <Popover.Target>
        <Button
          variant="default"
          leftSection={<Icon size={14} aria-hidden />}
          rightSection={<ChevronDown size={14} aria-hidden />}
          onClick={() => setOpened(!opened)}
          aria-label={`${name}: ${label}`}
          fw={500}
        >
          {label}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={6}>
        <ul className={classes.presets}>
          {presets.map((preset) => (
            <li key={preset.label}>
              <button type="button" className={classes.preset} aria-pressed={preset.chosen} onClick={() => choose(preset.value())}>
                {preset.label}
                {preset.chosen && <Check size={14} aria-hidden />}
              </button>
            </li>
          ))}
        </ul>
        {own(choose)}
      </Popover.Dropdown>
    </Popover>
  );
}

/** The choice of one's own: fields of moments and the act. */
export function OwnChoice({
  act,
  onSubmit,
  children,
}: {
  readonly act: string;
  readonly onSubmit: () => void;
  readonly children: ReactNode;
}): ReactNode {
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form className={classes.own} onSubmit={submit}>
      {children}
      <Button type="submit" variant="default">
        {act}
      </Button>
    </form>
  );
}

interface MomentProps {
  readonly label: string;
  /** As `datetime-local` writes it. */
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly error?: string | undefined;
}

export function MomentInput({ label, value, onChange, error }: MomentProps): ReactNode {
  return (
    <TextInput
      type="datetime-local"
      label={label}
      size="xs"
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      error={error}
      required
      withAsterisk={false}
    />
  );
}
