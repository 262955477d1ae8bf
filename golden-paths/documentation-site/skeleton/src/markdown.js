/**
 * Markdown as documentation is written: headings, paragraphs, lists, code, tables, quotes, links, pictures, emphasis. HTML in it is
 * shown, not obeyed, so that what somebody contributes cannot run anything in a reader's browser.
 */
export function toHtml(markdown) {
  const lines = markdown.replace(/\r\n?/g, "\n").split("\n");
  const headings = [];
  const html = blocks(lines, headings);
  return { html, headings };
}

const FENCE = /^\s{0,3}(```+|~~~+)\s*([\w+-]*)\s*$/;
const HEADING = /^(#{1,6})\s+(.+?)\s*#*$/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const RULE = /^\s{0,3}([-*_])(\s*\1){2,}\s*$/;
const DIVIDER = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

function blocks(lines, headings) {
  const out = [];
  for (let n = 0; n < lines.length;) {
    const line = lines[n];
    const [, fence, language] = FENCE.exec(line) ?? [];
    const [, marks, title] = HEADING.exec(line) ?? [];
    if (line.trim() === "") n++;
    else if (fence !== undefined) {
      const end = lines.findIndex((one, at) => at > n && one.trim().startsWith(fence));
      const until = end < 0 ? lines.length : end;
      out.push(`<pre><code${language ? ` class="language-${escape(language)}"` : ""}>${escape(lines.slice(n + 1, until).join("\n"))}\n</code></pre>`);
      n = until + 1;
    } else if (marks !== undefined) {
      const id = idOf(title, headings);
      headings.push({ level: marks.length, id, title: plain(title) });
      out.push(`<h${marks.length} id="${id}">${inline(title)}</h${marks.length}>`);
      n++;
    } else if (RULE.test(line)) {
      out.push("<hr>");
      n++;
    } else if (/^\s{0,3}>/.test(line)) {
      const quoted = take(lines, n, (one) => /^\s{0,3}>/.test(one));
      out.push(`<blockquote>\n${blocks(quoted.map((one) => one.replace(/^\s{0,3}>\s?/, "")), headings)}\n</blockquote>`);
      n += quoted.length;
    } else if (line.includes("|") && DIVIDER.test(lines[n + 1] ?? "") && (lines[n + 1] ?? "").includes("-")) {
      const rows = take(lines, n, (one) => one.includes("|"));
      out.push(table(rows));
      n += rows.length;
    } else if (ITEM.test(line)) {
      const items = take(lines, n, (one, at) => one.trim() !== "" ? ITEM.test(one) || /^\s+/.test(one) : ITEM.test(lines[at + 1] ?? "") || /^\s{2,}\S/.test(lines[at + 1] ?? ""));
      out.push(list(items, headings));
      n += items.length;
    } else if (/^ {4}/.test(line)) {
      const code = take(lines, n, (one) => /^ {4}/.test(one) || one.trim() === "");
      out.push(`<pre><code>${escape(code.map((one) => one.slice(4)).join("\n").trimEnd())}\n</code></pre>`);
      n += code.length;
    } else {
      const text = take(lines, n, (one, at) => one.trim() !== "" && (at === n || !(FENCE.test(one) || HEADING.test(one) || ITEM.test(one) || /^\s{0,3}>/.test(one))));
      out.push(`<p>${inline(text.join("\n").trim())}</p>`);
      n += text.length;
    }
  }
  return out.join("\n");
}

function take(lines, from, wanted) {
  let until = from;
  while (until < lines.length && wanted(lines[until], until)) until++;
  return lines.slice(from, Math.max(until, from + 1));
}

function list(lines, headings) {
  const [, indent, mark] = ITEM.exec(lines[0]);
  const items = [];
  for (const line of lines) {
    const [, own = "", , text = ""] = ITEM.exec(line) ?? [];
    if (ITEM.test(line) && own.length <= indent.length) items.push([text]);
    else items.at(-1).push(line.replace(new RegExp(`^\\s{0,${indent.length + 2}}`), ""));
  }
  const body = items.map((item) => {
    const simple = item.length === 1 || item.slice(1).every((line) => line.trim() !== "" && !ITEM.test(line) && !FENCE.test(line));
    return `<li>${simple ? inline(item.join("\n")) : blocks(item, headings)}</li>`;
  });
  const tag = /\d/.test(mark) ? "ol" : "ul";
  return `<${tag}>\n${body.join("\n")}\n</${tag}>`;
}

function table([head, , ...rows]) {
  const cells = (row) => row.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => inline(cell.trim().replaceAll("\\|", "|")));
  const line = (row, tag) => `<tr>${cells(row).map((cell) => `<${tag}>${cell}</${tag}>`).join("")}</tr>`;
  return `<table>\n<thead>${line(head, "th")}</thead>\n<tbody>\n${rows.map((row) => line(row, "td")).join("\n")}\n</tbody>\n</table>`;
}

/** Code first: nothing in it means anything else. */
function inline(text) {
  return text
    .split(/(`+[^`]+`+)/)
    .map((part) => {
      const [, code] = /^`+([^`]+)`+$/.exec(part) ?? [];
      if (code !== undefined) return `<code>${escape(code.trim())}</code>`;
      return escape(part)
        .replace(/!\[([^\]]*)\]\(([^)\s]+)\)/g, (_all, alt, to) => `<img src="${safe(to)}" alt="${alt}">`)
        .replace(/\[([^\]]+)\]\(([^)\s]+)\)/g, (_all, words, to) => `<a href="${safe(to)}">${words}</a>`)
        .replace(/&lt;(https?:\/\/[^\s&]+)&gt;/g, '<a href="$1">$1</a>')
        .replace(/\*\*([^*]+)\*\*/g, "<strong>$1</strong>")
        .replace(/(^|[^\w*])\*([^*\s][^*]*)\*/g, "$1<em>$2</em>")
        .replace(/(^|[^\w])_([^_\s][^_]*)_(?!\w)/g, "$1<em>$2</em>")
        .replace(/ {2,}\n/g, "<br>\n");
    })
    .join("");
}

/** Only addresses that lead to a page: no `javascript:`. */
function safe(address) {
  return /^(https?:|mailto:)/i.test(address) || !/^[a-z][a-z0-9+.-]*:/i.test(address) ? address : "#";
}

function plain(text) {
  return text.replace(/[`*_]/g, "").replace(/\[([^\]]+)\]\([^)]*\)/g, "$1");
}

function idOf(title, headings) {
  const id = plain(title).toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "part";
  const same = headings.filter((one) => one.id === id || one.id.startsWith(`${id}-`)).length;
  return same === 0 ? id : `${id}-${same}`;
}

export function escape(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
