import { Text, TextInput } from "@mantine/core";
import { describeSearchBox, hintsOf, parseSearchBox } from "@roadbed/contracts/catalog/search-box";
import { Search } from "lucide-react";
import type { ReactNode } from "react";

import { useLateText } from "../../ui/use-late-text.ts";

/** The filter box, with how it is understood beside it: what one types stands at once; the URL (and with it the server) follows a moment later. */
export function TextFilter({ value, onChange }: { readonly value: string; readonly onChange: (text: string) => void }): ReactNode {
  const [text, setText] = useLateText(value, onChange, TELL_AFTER_MS);
  const box = parseSearchBox(text);
  return (
    <>
      <TextInput
        type="search"
        aria-label="Filter by words"
        placeholder="Words, or owner:team-a -tag:java"
        leftSection={<Search size={14} aria-hidden />}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        w={{ base: "100%", sm: 260 }}
      />
      <Text size="xs" c="dimmed" truncate aria-live="polite" maw={{ base: "100%", sm: 320 }}>
        {hintsOf(box)[0] ?? describeSearchBox(box)}
      </Text>
    </>
  );
}

const TELL_AFTER_MS = 120;
