/** Lines that go and lines that come, in the way of `diff -u` with three lines around. */
export interface TextDiff {
  readonly added: number;
  readonly removed: number;
  readonly text: string;
}

/** Beyond so many lines on a side the whole is told as gone and come: the table would be too large. */
const MOST_LINES = 2_000;
const AROUND = 3;

/** What makes one text another. Two that are the same differ in nothing. */
export function diffOf(before: string, after: string): TextDiff {
  const [a, b] = [linesOf(before), linesOf(after)];
  const marked =
    a.length > MOST_LINES || b.length > MOST_LINES ? [...a.map((line) => `-${line}`), ...b.map((line) => `+${line}`)] : compare(a, b);
  const near = marked.map((_line, index) =>
    marked.slice(Math.max(0, index - AROUND), index + AROUND + 1).some((line) => !line.startsWith(" ")),
  );
  const shown = marked.flatMap((line, index) => (near[index] ? [line] : near[index - 1] === true ? ["…"] : []));
  return {
    added: marked.filter((line) => line.startsWith("+")).length,
    removed: marked.filter((line) => line.startsWith("-")).length,
    text: shown.join("\n").replace(/\n…$/, ""),
  };
}

/** By the longest lines that both have, in order. */
function compare(a: readonly string[], b: readonly string[]): string[] {
  const width = b.length + 1;
  const longest = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      longest[i * width + j] =
        a[i] === b[j] ? longest[(i + 1) * width + j + 1]! + 1 : Math.max(longest[(i + 1) * width + j]!, longest[i * width + j + 1]!);
    }
  }
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push(` ${a[i++]}`);
      j++;
    } else if (i < a.length && (j >= b.length || longest[(i + 1) * width + j]! >= longest[i * width + j + 1]!)) lines.push(`-${a[i++]}`);
    else lines.push(`+${b[j++]}`);
  }
  return lines;
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}
