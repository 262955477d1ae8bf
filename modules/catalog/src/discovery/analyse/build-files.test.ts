import { describe, expect, it } from "vitest";

import { cargo, cargoMain } from "./cargo.ts";
import { composer } from "./composer.ts";
import { dotnet } from "./dotnet.ts";
import { goMain, goModule } from "./go.ts";
import { gradle, gradleSettings } from "./gradle.ts";
import { maven } from "./maven.ts";
import { mix } from "./mix.ts";
import { npm } from "./npm.ts";
import { pyproject, requirements, setupFiles } from "./python.ts";
import { readWith } from "./read.suite.ts";
import { gemfile, gemspec } from "./ruby.ts";

describe("package.json", () => {
  it("tells a server by its start script, with lines", () => {
    const [found] = readWith(
      npm,
      "services/orders/package.json",
      `{
  "name": "@shop/orders",
  "version": "1.2.0",
  "private": true,
  "description": "Takes orders.",
  "author": "Ada Lovelace <ada@example.com>",
  "scripts": { "start": "node src/main.js", "gen": "openapi-typescript ../payments/openapi.yaml -o src/payments.ts" },
  "dependencies": {
    "@shop/money": "workspace:*",
    "fastify": "5.0.0"
  }
}`,
    );
    expect(found).toMatchObject({
      dir: "services/orders",
      name: "@shop/orders",
      line: 2,
      description: "Takes orders.",
      runs: { line: 7, says: 'package.json has a script "start"' },
      people: [{ name: "Ada Lovelace", email: "ada@example.com", line: 6 }],
      dependencies: [
        { name: "@shop/money", line: 9 },
        { name: "fastify", line: 10 },
      ],
      generates: [{ input: "../payments/openapi.yaml", line: 7 }],
    });
    expect(found).not.toHaveProperty("published");
  });

  it("tells a website, a library and the root of workspaces", () => {
    const read = (json: object) => readWith(npm, "package.json", JSON.stringify({ name: "x", ...json }))[0];
    expect(read({ private: true, dependencies: { next: "1" } })).toMatchObject({ website: { says: "package.json needs next" } });
    expect(read({ version: "1.0.0", exports: "./index.js" })).toMatchObject({
      published: { says: 'package.json is not private and has "exports"' },
    });
    expect(read({ workspaces: ["packages/*"] })).toMatchObject({ root: true });
  });
});

describe("go.mod and main.go", () => {
  it("reads the module and what it requires itself", () => {
    const text = `module github.com/shop/payments

go 1.24

require (
	github.com/go-chi/chi/v5 v5.1.0
	github.com/shop/money v0.3.0
	golang.org/x/sys v0.1.0 // indirect
)
`;
    expect(readWith(goModule, "go.mod", text)).toMatchObject([
      {
        name: "github.com/shop/payments",
        line: 1,
        dependencies: [
          { name: "github.com/go-chi/chi/v5", line: 6 },
          { name: "github.com/shop/money", line: 7 },
        ],
        runs: { line: 6 },
      },
    ]);
  });

  it("finds the program of a command at the module above it", () => {
    expect(readWith(goMain, "cmd/server/main.go", "// the server\npackage main\n")).toMatchObject([
      { dir: "", runs: { line: 2, says: "cmd/server is a program" } },
    ]);
    expect(readWith(goMain, "internal/main.go", "package internal\n")).toEqual([]);
  });
});

it("pom.xml: artefact, runner, people and client generators; test dependencies are not needs", () => {
  const [found] = readWith(
    maven,
    "pom.xml",
    `<project>
  <parent><groupId>com.example.shop</groupId><artifactId>parent</artifactId></parent>
  <artifactId>billing</artifactId>
  <description>Bills customers.</description>
  <developers><developer><name>Grace</name><email>grace@example.com</email></developer></developers>
  <dependencies>
    <dependency><groupId>com.example.shop</groupId><artifactId>money</artifactId></dependency>
    <dependency><groupId>org.junit</groupId><artifactId>junit</artifactId><scope>test</scope></dependency>
  </dependencies>
  <build><plugins>
    <plugin><artifactId>spring-boot-maven-plugin</artifactId></plugin>
    <plugin><artifactId>openapi-generator-maven-plugin</artifactId>
      <executions><execution><configuration><inputSpec>http://payments/openapi.json</inputSpec><generatorName>java</generatorName></configuration></execution></executions>
    </plugin>
  </plugins></build>
</project>`,
  );
  expect(found).toMatchObject({
    name: "com.example.shop:billing",
    line: 3,
    runs: { line: 11, says: "pom.xml uses spring-boot-maven-plugin" },
    people: [{ name: "Grace", email: "grace@example.com", line: 5 }],
    dependencies: [{ name: "com.example.shop:money", line: 7 }],
    generates: [{ input: "http://payments/openapi.json", line: 13 }],
  });
});

it("pom.xml: entities of a hostile file are not unfolded", () => {
  const bomb = `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><project><artifactId>x</artifactId><description>&b;</description></project>`;
  const read = () => JSON.stringify(readWith(maven, "pom.xml", bomb));
  expect(read().includes("aaaaaaaaaaaaaaaaaaaa")).toBe(false);
});

it("build.gradle.kts: plugins, coordinates, projects beside it", () => {
  expect(
    readWith(
      gradle,
      "billing/build.gradle.kts",
      `plugins {
  id("org.springframework.boot") version "3.5.0"
}
group = "com.example.shop"
dependencies {
  implementation(project(":money"))
  implementation("org.postgresql:postgresql:42.7.0")
  testImplementation("org.junit:junit:5")
}`,
    ),
  ).toMatchObject([
    {
      name: "com.example.shop:billing",
      runs: { line: 2 },
      dependencies: [
        { name: "org.postgresql:postgresql", line: 7 },
        { name: ":money", line: 6 },
      ],
    },
  ]);
  expect(readWith(gradleSettings, "settings.gradle", `rootProject.name = 'shop'\ninclude 'billing', 'money'\n`)).toMatchObject([
    { name: "shop", root: true },
  ]);
});

describe("Python", () => {
  it("reads pyproject.toml by PEP 621", () => {
    expect(
      readWith(
        pyproject,
        "pyproject.toml",
        `[project]
name = "risk-score"
description = "Scores risk."
authors = [{ name = "Ada", email = "Ada@example.com" }]
dependencies = [
  "fastapi>=0.110",
  "shop_money~=1.0",
]
`,
      ),
    ).toMatchObject([
      {
        name: "risk-score",
        line: 2,
        runs: { line: 6, says: "pyproject.toml needs fastapi" },
        people: [{ email: "ada@example.com", line: 4 }],
        dependencies: [
          { name: "fastapi", line: 6 },
          { name: "shop-money", line: 7 },
        ],
      },
    ]);
  });

  it("reads Poetry, requirements.txt and setup.cfg", () => {
    expect(
      readWith(pyproject, "pyproject.toml", `[tool.poetry]\nname = "etl"\n[tool.poetry.dependencies]\npython = "^3.12"\ncelery = "*"\n`),
    ).toMatchObject([{ name: "etl", runs: { says: "pyproject.toml needs celery" }, dependencies: [{ name: "celery", line: 5 }] }]);
    expect(readWith(requirements, "api/requirements.txt", "# web\nFlask==3.0\n-r base.txt\n")).toMatchObject([
      { dir: "api", name: "api", runs: { line: 2 }, dependencies: [{ name: "flask", line: 2 }] },
    ]);
    expect(
      readWith(
        setupFiles,
        "setup.cfg",
        `[metadata]\nname = shop-money\nauthor_email = ada@example.com\n[options]\ninstall_requires =\n    attrs>=20\n`,
      ),
    ).toMatchObject([
      {
        name: "shop-money",
        line: 2,
        published: { says: "setup.cfg builds a package" },
        people: [{ email: "ada@example.com", line: 3 }],
        dependencies: [{ name: "attrs", line: 6 }],
      },
    ]);
  });
});

it("Cargo.toml and main.rs", () => {
  expect(
    readWith(
      cargo,
      "Cargo.toml",
      `[package]\nname = "router"\nversion = "0.1.0"\n\n[dependencies]\naxum = "0.8"\nmoney = { path = "../money" }\n`,
    ),
  ).toMatchObject([
    {
      name: "router",
      line: 2,
      runs: { line: 6 },
      dependencies: [
        { name: "axum", line: 6 },
        { name: "money", line: 7 },
      ],
    },
  ]);
  expect(readWith(cargo, "Cargo.toml", `[workspace]\nmembers = ["a"]\n`)).toEqual([]);
  expect(readWith(cargoMain, "router/src/main.rs", `use x;\nfn main() {}\n`)).toMatchObject([{ dir: "router", runs: { line: 2 } }]);
});

it("Gemfile and gemspec", () => {
  expect(readWith(gemfile, "Gemfile", `source "https://rubygems.org"\ngem "rails", "~> 8"\ngem 'shop-money'\n`)).toMatchObject([
    {
      runs: { line: 2 },
      dependencies: [
        { name: "rails", line: 2 },
        { name: "shop-money", line: 3 },
      ],
    },
  ]);
  expect(
    readWith(gemspec, "money.gemspec", `Gem::Specification.new do |s|\n  s.name = "shop-money"\n  s.email = "ada@example.com"\nend\n`),
  ).toMatchObject([{ name: "shop-money", published: { line: 2 }, people: [{ email: "ada@example.com", line: 3 }] }]);
});

it("composer.json", () => {
  expect(
    readWith(
      composer,
      "composer.json",
      `{\n "name": "shop/admin",\n "type": "project",\n "require": { "php": ">=8.3",\n  "laravel/framework": "^12" }\n}`,
    ),
  ).toMatchObject([{ name: "shop/admin", line: 2, runs: { line: 5 }, dependencies: [{ name: "laravel/framework", line: 5 }] }]);
});

it("csproj: web projects run, test projects are passed over", () => {
  expect(
    readWith(
      dotnet,
      "src/Pricing/Pricing.csproj",
      `<Project Sdk="Microsoft.NET.Sdk.Web">\n  <ItemGroup>\n    <PackageReference Include="Npgsql" Version="9" />\n    <ProjectReference Include="..\\Money\\Money.csproj" />\n  </ItemGroup>\n</Project>`,
    ),
  ).toMatchObject([
    {
      name: "Pricing",
      runs: { line: 1 },
      dependencies: [
        { name: "Npgsql", line: 3 },
        { name: "Money", line: 4 },
      ],
    },
  ]);
  expect(
    readWith(dotnet, "Tests.csproj", `<Project Sdk="Microsoft.NET.Sdk"><PackageReference Include="Microsoft.NET.Test.Sdk" /></Project>`),
  ).toEqual([]);
});

it("mix.exs", () => {
  expect(
    readWith(
      mix,
      "mix.exs",
      `defmodule Chat.MixProject do\n  def project, do: [app: :chat]\n  defp deps do\n    [\n      {:phoenix, "~> 1.8"},\n      {:money, in_umbrella: true}\n    ]\n  end\nend\n`,
    ),
  ).toMatchObject([
    {
      name: "chat",
      line: 2,
      runs: { line: 5 },
      dependencies: [
        { name: "phoenix", line: 5 },
        { name: "money", line: 6 },
      ],
    },
  ]);
});
