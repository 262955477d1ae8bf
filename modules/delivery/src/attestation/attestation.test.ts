import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { readFile } from "node:fs/promises";

import { Ajv, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import fc from "fast-check";
import { expect, test } from "vitest";

import { verify } from "./attestation-handlers.ts";
import { isSignedBy, keyIdOf, preAuthEncoding, signStatement } from "./dsse.ts";
import { makeSbom } from "./make-sbom.ts";
import { provenanceStatement, STATEMENT } from "./make-statements.ts";
import { readPackages } from "./read-packages.ts";

const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const other = generateKeyPairSync("ed25519").publicKey;

test("the example of DSSE's own description is encoded as it says", () => {
  expect(preAuthEncoding("http://example.com/HelloWorld", Buffer.from("hello world")).toString()).toBe(
    "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
  );
});

test("whatever is changed in a signed statement, it is not verified any more", () => {
  const envelope = signStatement(
    { _type: STATEMENT, subject: [{ name: "a", digest: { sha256: "ab".repeat(32) } }], predicateType: "x" },
    privateKey,
  );
  expect(envelope.signatures[0]?.keyid).toBe(keyIdOf(createPublicKey(privateKey)));
  expect(verify(envelope, publicKey, undefined)).toMatchObject({ verified: true, subjects: [{ name: "a" }] });
  expect(verify(envelope, publicKey, `sha256:${"ab".repeat(32)}`).verified).toBe(true);
  expect(verify(envelope, publicKey, "cd".repeat(32))).toMatchObject({ verified: false, why: expect.stringContaining("not about") });
  expect(verify(envelope, other, undefined)).toMatchObject({ verified: false, subjects: [] });
  expect(isSignedBy({ ...envelope, payloadType: "text/plain" }, publicKey)).toBe(false);
  const bytes = Buffer.from(envelope.payload, "base64");
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
      const changed = Buffer.from(bytes);
      changed[at] = changed[at]! ^ by;
      expect(isSignedBy({ ...envelope, payload: changed.toString("base64") }, publicKey)).toBe(false);
    }),
  );
});

const LOCK = JSON.stringify({
  lockfileVersion: 3,
  packages: {
    "": { name: "shop", version: "1.0.0" },
    "packages/own": { name: "own", version: "1.0.0" },
    "node_modules/own": { resolved: "packages/own", link: true },
    "node_modules/@scope/pkg": { version: "1.2.3", integrity: `sha512-${Buffer.alloc(64, 1).toString("base64")}`, license: "MIT" },
    "node_modules/a/node_modules/b": { version: "2.0.0+build", dev: true },
  },
});

test("lock files of npm, Python and Go name what they pin, once each", () => {
  const { packages, unread } = readPackages([
    { path: "package-lock.json", text: LOCK },
    {
      path: "requirements.txt",
      text: "# x\nRequests[socks] == 2.31.0 ; python_version > '3'\nflask>=2\nPyYAML===6.0.1 \\\n  --hash=sha256:" + "a".repeat(64),
    },
    {
      path: "go.mod",
      text: "module example.org/m\n\nrequire (\n\texample.org/a v1.0.0\n\texample.org/b v2.0.0 // indirect\n)\nrequire example.org/c v3.0.0\n",
    },
    { path: "tools/go.mod", text: "module t\nrequire example.org/never v9.0.0\n" },
    { path: "tools/go.sum", text: "example.org/d v4.0.0 h1:x=\nexample.org/e v5.0.0/go.mod h1:y=\n" },
    { path: "broken/package-lock.json", text: "{" },
  ]);
  expect(packages.map(({ purl, development }) => `${purl}${development ? " dev" : ""}`)).toEqual([
    "pkg:golang/example.org/a@v1.0.0",
    "pkg:golang/example.org/b@v2.0.0",
    "pkg:golang/example.org/c@v3.0.0",
    "pkg:golang/example.org/d@v4.0.0",
    "pkg:npm/%40scope/pkg@1.2.3",
    "pkg:npm/b@2.0.0%2Bbuild dev",
    "pkg:pypi/pyyaml@6.0.1",
    "pkg:pypi/requests@2.31.0",
  ]);
  expect(packages.find(({ name }) => name === "pkg")).toMatchObject({
    group: "@scope",
    license: "MIT",
    hash: { alg: "SHA-512", content: "01".repeat(64) },
  });
  expect(unread).toEqual([expect.stringContaining("broken/package-lock.json")]);
});

test("no text of a lock file makes it throw", () => {
  const path = fc.constantFrom("package-lock.json", "requirements.txt", "go.mod", "go.sum");
  fc.assert(fc.property(path, fc.oneof(fc.string(), fc.json()), (name, text) => void readPackages([{ path: name, text }])));
});

test("the same commit has the same bill of materials, and is valid by the schema of CycloneDX 1.6", async () => {
  const make = () =>
    makeSbom({
      name: "shop",
      commit: "c".repeat(40),
      at: new Date("2026-01-01T00:00:00Z"),
      files: [{ path: "package-lock.json", text: LOCK }],
    });
  expect(make()).toEqual(make());
  const bom = make() as { serialNumber: string; components: { "bom-ref": string }[]; dependencies: { ref: string; dependsOn: string[] }[] };
  expect(bom).toMatchObject({ bomFormat: "CycloneDX", specVersion: "1.6", version: 1 });
  expect(bom.serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
  const valid = await schemaOf16();
  expect(valid(bom), JSON.stringify(valid.errors?.slice(0, 3))).toBe(true);
  // The check is a check: what it must not be is found.
  expect(valid({ ...bom, components: [{ name: "x" }] })).toBe(false);
  const refs = bom.components.map((one) => one["bom-ref"]);
  expect(new Set(refs).size).toBe(refs.length);
  expect(bom.dependencies[0]?.dependsOn).toEqual(refs);
});

/** The official schema, with those that it names. */
async function schemaOf16(): Promise<ValidateFunction> {
  const read = async (name: string): Promise<Record<string, unknown>> =>
    JSON.parse(await readFile(new URL(`fixtures/${name}.SNAPSHOT.schema.json`, import.meta.url), "utf8")) as Record<string, unknown>;
  const ajv = new Ajv({ strict: false, validateFormats: true, formats: { "iri-reference": true, "idn-email": true } });
  (addFormats as unknown as (engine: Ajv) => void)(ajv);
  for (const name of ["spdx", "jsf-0.82"])
    ajv.addSchema({ ...(await read(name)), $id: `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json` });
  return ajv.compile(await read("bom-1.6"));
}

test("a provenance names source, builder, steps and what it was made from, by digest", () => {
  const source = { cloneUrl: "https://host/git/shop.git", repository: "shop", commit: "c".repeat(40), tree: "d".repeat(40) };
  const statement = provenanceStatement(source, {
    run: { id: "pip_1", branch: "main", trigger: "push", started_at: new Date(0), ended_at: new Date(1_000) },
    steps: [],
    artefacts: [{ path: "dist/a.js", step: "build", bytes: 1, digest: `sha256:${"e".repeat(64)}` }],
    publicUrl: "https://host",
    packages: readPackages([{ path: "package-lock.json", text: LOCK }]).packages,
  });
  expect(statement).toMatchObject({
    _type: "https://in-toto.io/Statement/v1",
    predicateType: "https://slsa.dev/provenance/v1",
    subject: [
      { name: "shop", digest: { gitCommit: source.commit, gitTree: source.tree } },
      { name: "dist/a.js", digest: { sha256: "e".repeat(64) } },
    ],
    predicate: {
      buildDefinition: {
        externalParameters: { ref: "refs/heads/main" },
        resolvedDependencies: [
          { uri: "git+https://host/git/shop.git@refs/heads/main", digest: { gitCommit: source.commit } },
          { uri: "pkg:npm/%40scope/pkg@1.2.3", digest: { sha512: "01".repeat(64) } },
          { uri: "pkg:npm/b@2.0.0%2Bbuild" },
        ],
      },
      runDetails: { builder: { id: "https://host/pipelines" }, metadata: { startedOn: "1970-01-01T00:00:00.000Z" } },
    },
  });
});
