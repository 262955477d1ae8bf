/** Why a text is no JSON and where: `expected ',' or '}' after property value, at line 3, column 5`. Repeats nothing of the text. */
export function explainJson(text: string): string {
  try {
    JSON.parse(text);
    return "it is valid";
  } catch (error) {
    const message = (error as Error).message;
    const [, why = "", line, column] = /^(.*?) in JSON at position \d+ \(line (\d+) column (\d+)\)/s.exec(message) ?? [];
    if (line !== undefined) return `${why.charAt(0).toLowerCase()}${why.slice(1)}, at line ${line}, column ${column}`;
    if (text.trim() === "") return "it is empty";
    if (message.startsWith("Unexpected end")) return `it ends too early, at ${placeOf(text, text.trimEnd().length)}`;
    return `there is something that is no value, at ${placeOf(text, firstStrange(text))}`;
  }
}

const TOKEN = /[ \t\r\n]*("(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true\b|false\b|null\b|[{}[\],:])/y;

/** Where something stands that begins no value although one is due: the one fault whose place the engine does not say. */
function firstStrange(text: string): number {
  TOKEN.lastIndex = 0;
  for (let before = "", end = 0; ;) {
    const token = TOKEN.exec(text)?.[1];
    if (token === undefined) return text.length - text.slice(end).trimStart().length;
    const isDue = before === "" || before === ":" || before === "," || before === "[";
    if (isDue && /^[\]},:]/.test(token) && !(before === "[" && token === "]")) return TOKEN.lastIndex - token.length;
    before = token;
    end = TOKEN.lastIndex;
  }
}

function placeOf(text: string, offset: number): string {
  const lines = text.slice(0, offset).split("\n");
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}
