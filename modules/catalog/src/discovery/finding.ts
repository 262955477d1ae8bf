/** Where something was read: a path relative to the root of its repository, and a line from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

/** One variable of a program's surroundings, as a manifest sets it. Values that look secret are never kept. */
export interface Setting extends Place {
  readonly name: string;
  readonly value: string;
}

/** A build file: what is built here, whether it runs, what it needs. */
export interface PackageFinding extends Place {
  readonly type: "package";
  /** Folder relative to the root; "" is the root. */
  readonly dir: string;
  readonly ecosystem: "npm" | "go" | "maven" | "gradle" | "python" | "cargo" | "ruby" | "composer" | "dotnet" | "mix";
  readonly name: string;
  readonly version?: string;
  readonly description?: string;
  /** Why it is taken for a program that runs, in words. */
  readonly runs?: Place & { readonly says: string };
  /** Why it is taken for something others build on. */
  readonly published?: Place & { readonly says: string };
  /** Only holds other packages together: nothing of its own is built. */
  readonly root?: boolean;
  readonly website?: Place & { readonly says: string };
  readonly people: readonly { readonly name?: string; readonly email?: string; readonly line: number }[];
  /** What is needed to run, by the names of its ecosystem. */
  readonly dependencies: readonly { readonly name: string; readonly line: number }[];
  /** Program that makes code from the description of an API, by what it reads. */
  readonly generates?: readonly { readonly input: string; readonly line: number }[];
}

export interface ImageFinding extends Place {
  readonly type: "image";
  readonly dir: string;
  /** Of the last stage. */
  readonly base: string;
  readonly ports: readonly number[];
  readonly stages: number;
  /** Folders of the repository that are copied in, relative to it: they tell what a Dockerfile kept elsewhere builds. */
  readonly copies: readonly string[];
}

export interface ComposeFinding extends Place {
  readonly type: "compose";
  readonly name: string;
  readonly image?: string;
  /** Folder it is built from, relative to the root. */
  readonly build?: string;
  readonly ports: readonly number[];
  readonly dependsOn: readonly { readonly name: string; readonly line: number }[];
  readonly settings: readonly Setting[];
}

export interface WorkloadFinding extends Place {
  readonly type: "workload";
  /** `Deployment`, `StatefulSet`, `CronJob`, …; `Chart` for a Helm chart. */
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly images: readonly { readonly name: string; readonly line: number }[];
  readonly settings: readonly Setting[];
}

/** A Kubernetes Service: the host name under which a workload answers. */
export interface HostFinding extends Place {
  readonly type: "host";
  readonly name: string;
  readonly selector: Readonly<Record<string, string>>;
}

/** Labels that are given to everything below a folder (Kustomize). */
export interface LabelsFinding extends Place {
  readonly type: "labels";
  readonly dir: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ApiFinding extends Place {
  readonly type: "api";
  readonly format: "openapi" | "asyncapi" | "graphql" | "grpc";
  readonly title?: string;
  readonly version?: string;
  readonly description?: string;
  /** The package of a proto file, as other proto files import it. */
  readonly package?: string;
}

/** Code here is a client of an API that is described elsewhere. */
export interface ApiUseFinding extends Place {
  readonly type: "api-use";
  /** File, address or proto package that is read or imported. */
  readonly names: string;
  readonly says: string;
}

/** Addresses in configuration files that belong to no manifest. */
export interface SettingsFinding extends Place {
  readonly type: "settings";
  readonly dir: string;
  readonly settings: readonly Setting[];
}

export interface PipelineFinding extends Place {
  readonly type: "pipeline";
  readonly system: "GitHub Actions" | "GitLab CI" | "Jenkins" | "CircleCI" | "Azure Pipelines";
  readonly deploys: boolean;
  /** Images that it pushes. */
  readonly images: readonly { readonly name: string; readonly line: number }[];
}

export interface CodeownersFinding extends Place {
  readonly type: "codeowners";
  /** In the order of the file: the last that matches wins. */
  readonly rules: readonly { readonly pattern: string; readonly owners: readonly string[]; readonly line: number }[];
}

export interface ReadmeFinding extends Place {
  readonly type: "readme";
  readonly dir: string;
  readonly title?: string;
  readonly description?: string;
}

/** A descriptor that is there already: nothing is proposed for it but what it lacks. */
export interface DescriptorFinding extends Place {
  readonly type: "descriptor";
  readonly dir: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly owner?: string;
  readonly system?: string;
  /** References that it states, whole. */
  readonly states: readonly string[];
}

export interface LanguagesFinding extends Place {
  readonly type: "languages";
  /** Of the whole repository, most first; bytes, or files where sizes are not known. */
  readonly shares: readonly { readonly language: string; readonly amount: number }[];
}

/** What one file, or a whole repository, says. Every finding says where it was read. */
export type Finding =
  | PackageFinding
  | ImageFinding
  | ComposeFinding
  | WorkloadFinding
  | HostFinding
  | LabelsFinding
  | ApiFinding
  | ApiUseFinding
  | SettingsFinding
  | PipelineFinding
  | CodeownersFinding
  | ReadmeFinding
  | DescriptorFinding
  | LanguagesFinding;

/** Somebody who committed lately. */
export interface Author {
  readonly name: string;
  readonly email: string;
  readonly commits: number;
  /** ISO day of the newest. */
  readonly last: string;
  /** The account at the Git host, lower case, where the host says whose the address is. */
  readonly login?: string;
}

/** Everything that is known of one repository: what the combiner works with, and what is stored. */
export interface Repository {
  /** Stable: the remote without protocol and credentials, e.g. `github.com/acme/shop`; else where the folder lies. */
  readonly key: string;
  readonly name: string;
  /** Where people find it. */
  readonly url?: string;
  /** Folders between the folder that was read and the repository, e.g. `payments` for `clones/payments/api`. */
  readonly group: string;
  readonly findings: readonly Finding[];
  readonly authors: readonly Author[];
}

/** One file, ready for an analyser. */
export interface SourceFile {
  readonly path: string;
  /** Folder of it, "" for the root. */
  readonly dir: string;
  readonly base: string;
  readonly text: string;
}

/** Reads one sort of file. Pure; what it cannot understand it passes over. */
export interface Analyser {
  readonly name: string;
  readonly matches: (path: string, base: string) => boolean;
  readonly read: (file: SourceFile) => readonly Finding[];
}
