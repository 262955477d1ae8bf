import { TextInput, type TextInputProps } from "@mantine/core";
import { useCallback, type ReactNode } from "react";

import { useLateText } from "../ui/use-late-text.ts";

interface Props extends Omit<TextInputProps, "value" | "onChange"> {
  readonly value: string | undefined;
  readonly onChange: (text: string | undefined) => void;
}

const TELL_AFTER_MS = 300;

/** A text of a search: stands at once, and is told a moment after one stops typing. An empty one is none. */
export function TextBox({ value = "", onChange, ...props }: Props): ReactNode {
  const tell = useCallback((text: string) => onChange(text === "" ? undefined : text), [onChange]);
  const [text, setText] = useLateText(value, tell, TELL_AFTER_MS);
  return <TextInput size="sm" {...props} value={text} onChange={(event) => setText(event.currentTarget.value)} />;
}
