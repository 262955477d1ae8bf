import { TextInput, type TextInputProps } from "@mantine/core";
import { useEffect, useRef, useState, type ReactNode } from "react";

interface Props extends Omit<TextInputProps, "value" | "onChange"> {
  readonly value: string | undefined;
  readonly onChange: (text: string | undefined) => void;
}

const TELL_AFTER_MS = 300;

/** A text of a search: stands at once, and is told a moment after one stops typing. An empty one is none. */
export function TextBox({ value = "", onChange, ...props }: Props): ReactNode {
  const [text, setText] = useState(value);
  const told = useRef(value);
  useEffect(() => {
    if (value !== told.current) setText(value);
    told.current = value;
  }, [value]);
  useEffect(() => {
    if (text === told.current) return;
    const timer = setTimeout(() => {
      told.current = text;
      onChange(text === "" ? undefined : text);
    }, TELL_AFTER_MS);
    return () => clearTimeout(timer);
  }, [text, onChange]);
  return <TextInput size="sm" {...props} value={text} onChange={(event) => setText(event.currentTarget.value)} />;
}
