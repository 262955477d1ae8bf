import assert from "node:assert/strict";
import { test } from "node:test";

import { release } from "../scripts/release.js";

const CHANGELOG = "# Changes\n\n## Unreleased\n\n- It can count.\n\n## 0.1.0 (2027-01-01)\n\n- It is here.\n";

test("the notes of what is unreleased become those of the version", () => {
  const { changelog, version, notes } = release({ changelog: CHANGELOG, version: "0.1.0", part: "minor", day: "2027-02-01" });
  assert.equal(version, "0.2.0");
  assert.equal(notes, "- It can count.");
  assert.equal(changelog, "# Changes\n\n## Unreleased\n\n## 0.2.0 (2027-02-01)\n\n- It can count.\n\n## 0.1.0 (2027-01-01)\n\n- It is here.\n");
});

test("each part of the version is raised as semver has it", () => {
  const raised = (part) => release({ changelog: CHANGELOG, version: "1.2.3", part, day: "2027-02-01" }).version;
  assert.deepEqual([raised("major"), raised("minor"), raised("patch")], ["2.0.0", "1.3.0", "1.2.4"]);
});

test("nothing is released without notes", () => {
  const empty = "# Changes\n\n## Unreleased\n\n## 0.1.0 (2027-01-01)\n";
  assert.throws(() => release({ changelog: empty, version: "0.1.0", part: "patch", day: "2027-02-01" }), /says nothing/);
  assert.throws(() => release({ changelog: CHANGELOG, version: "0.1.0", part: "huge", day: "2027-02-01" }), /major, minor or patch/);
});
