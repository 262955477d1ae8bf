import { TextInput } from "@mantine/core";
import { Search } from "lucide-react";
import { useEffect, useRef, useState, type ReactNode } from "react";

/** The filter box: what one types stands at once; the URL (and with it the server) follows a moment later. */
export function TextFilter({ value, onChange }: { readonly value: string; readonly onChange: (text: string) => void }): ReactNode {
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
      onChange(text);
    }, TELL_AFTER_MS);
    return () => clearTimeout(timer);
  }, [text, onChange]);
  return (
    <TextInput
      type="search"
      aria-label="Filter by words"
      placeholder="Filter by words"
      leftSection={<Search size={14} aria-hidden />}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      w={{ base: "100%", sm: 260 }}
    />
  );
}

const TELL_AFTER_MS = 120;
