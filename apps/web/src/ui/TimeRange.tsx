import { Button, Popover, TextInput } from "@mantine/core";
import { Check, ChevronDown, Clock } from "lucide-react";
import { useState, type FormEvent, type ReactNode } from "react";

import { formatMoment, toLocalInput } from "../format/time.ts";
import { fixedRange, RANGES, windowOf } from "../url-state.ts";
import classes from "./time-range.module.css";

interface Props {
  /** A word such as `1h`, or `from..to`; see `windowOf`. Absent: the last hour. */
  readonly value: string | undefined;
  readonly onChange: (range: string) => void;
}

/** The one control for the time that a page looks at: words for "until now", or two moments of one's own. */
export function TimeRange({ value, onChange }: Props): ReactNode {
  const [opened, setOpened] = useState(false);
  const choose = (range: string): void => {
    setOpened(false);
    onChange(range);
  };
  const preset = RANGES.find((range) => range.value === (value ?? "1h"));
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" shadow="md" trapFocus returnFocus width={268}>
      <Popover.Target>
        <Button
          variant="default"
          size="sm"
          leftSection={<Clock size={14} aria-hidden />}
          rightSection={<ChevronDown size={14} aria-hidden />}
          onClick={() => setOpened(!opened)}
          aria-label={`Time range: ${labelOf(value)}`}
          fw={500}
        >
          {labelOf(value)}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={6}>
        <ul className={classes.presets}>
          {RANGES.map(({ value: range, label }) => (
            <li key={range}>
              <button type="button" className={classes.preset} aria-pressed={preset?.value === range} onClick={() => choose(range)}>
                {label}
                {preset?.value === range && <Check size={14} aria-hidden />}
              </button>
            </li>
          ))}
        </ul>
        <OwnMoments key={value} value={value} onChoose={choose} />
      </Popover.Dropdown>
    </Popover>
  );
}

function OwnMoments({ value, onChoose }: { readonly value: string | undefined; readonly onChoose: (range: string) => void }): ReactNode {
  const start = windowOf(value, Date.now());
  const [from, setFrom] = useState(toLocalInput(new Date(start.from)));
  const [to, setTo] = useState(toLocalInput(new Date(start.to)));
  const [wrong, setWrong] = useState(false);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const [begin, end] = [new Date(from), new Date(to)];
    if (end > begin) onChoose(fixedRange(begin, end));
    else setWrong(true);
  };
  return (
    <form className={classes.own} onSubmit={submit}>
      <TextInput
        type="datetime-local"
        label="From"
        size="xs"
        value={from}
        onChange={(event) => setFrom(event.currentTarget.value)}
        required
        withAsterisk={false}
      />
      <TextInput
        type="datetime-local"
        label="To"
        size="xs"
        value={to}
        onChange={(event) => setTo(event.currentTarget.value)}
        error={wrong ? "Must be after the begin" : undefined}
        required
        withAsterisk={false}
      />
      <Button type="submit" variant="default">
        Show this time
      </Button>
    </form>
  );
}

/** The range in words. */
function labelOf(value: string | undefined): string {
  const { from, to, live } = windowOf(value, Date.now());
  const preset = RANGES.find((range) => range.value === (value ?? "1h"));
  if (preset !== undefined) return preset.label;
  if (live) return RANGES.find((range) => range.value === "1h")?.label ?? "";
  const [begin, end] = [new Date(from), new Date(to)];
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
  return begin.toDateString() === end.toDateString()
    ? `${formatMoment(begin)} to ${clock.format(end)}`
    : `${formatMoment(begin)} to ${formatMoment(end)}`;
}
