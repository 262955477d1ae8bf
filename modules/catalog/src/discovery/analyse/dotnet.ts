import type { Analyser, PackageFinding } from "../finding.ts";
import { lineMatching, matchLines, present, shortText } from "./text.ts";

/** `*.csproj` and its like: the SDK says what it is. Test projects are passed over. */
export const dotnet: Analyser = {
  name: "csproj",
  matches: (_, base) => /\.(?:csproj|fsproj|vbproj)$/.test(base),
  read({ path: file, dir, base, text }) {
    if (/<IsTestProject>\s*true|Microsoft\.NET\.Test\.Sdk/i.test(text)) return [];
    const project = base.replace(/\.\w+$/, "");
    const element = (name: string): string | undefined => new RegExp(`<${name}>\\s*([^<]+?)\\s*</${name}>`).exec(text)?.[1];
    const place = (pattern: RegExp): { file: string; line: number } => ({ file, line: lineMatching(text, pattern) });
    const isWeb = /Sdk="Microsoft\.NET\.Sdk\.(?:Web|Worker)"/.test(text);
    const found: PackageFinding = {
      type: "package",
      ...place(/<Project\b/),
      dir,
      ecosystem: "dotnet",
      name: element("PackageId") ?? element("AssemblyName") ?? project,
      ...present({ version: element("Version"), description: shortText(element("Description")) }),
      ...(isWeb
        ? { runs: { ...place(/Sdk="/), says: `${base} is a web or worker project` } }
        : element("OutputType")?.toLowerCase() === "exe"
          ? { runs: { ...place(/<OutputType>/), says: `${base} builds a program` } }
          : {}),
      ...(element("PackageId") !== undefined || /<IsPackable>\s*true/i.test(text)
        ? { published: { ...place(/<PackageId>|<IsPackable>/), says: `${base} builds a package` } }
        : {}),
      people: [],
      dependencies: [
        ...[...matchLines(text, /<PackageReference\s+Include="([\w.-]+)"/)].map(({ line, match }) => ({ name: match[1]!, line })),
        ...[...matchLines(text, /<ProjectReference\s+Include="(?:.*[\\/])?([\w.-]+)\.\w+proj"/)].map(({ line, match }) => ({
          name: match[1]!,
          line,
        })),
      ],
    };
    return [found];
  },
};
