import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";

import { callWith, createCel, entitiesOf, readAll } from "../lib/connector.suite.ts";
import { openDouble, type Double, type Question, type Reply } from "../lib/double.ts";
import { terraformConnector, TerraformSettings } from "./terraform-connector.ts";

const cel = createCel();
afterAll(() => cel.close());
let double: Double;
let state: Record<string, unknown>;
let faults: Reply[];
beforeEach(async () => {
  faults = [];
  state = stateOf();
  double = await openDouble(answer);
});
afterEach(() => double.close());

/** A double of an HTTP backend (basic authentication) and of HCP Terraform's API with its pages. */
function answer({ url, headers }: Question): Reply {
  const fault = faults.shift();
  if (fault) return fault;
  const basic = `Basic ${Buffer.from("ada:pw").toString("base64")}`;
  if (url.pathname === "/state") return headers.authorization === basic ? { body: state } : { status: 401, body: {} };
  if (headers.authorization !== "Bearer t0ken") return { status: 401, body: {} };
  if (url.pathname === "/download") return { body: state };
  if (url.pathname === "/api/v2/organizations/shop/workspaces") {
    const page = Number(url.searchParams.get("page[number]"));
    const data = [{ id: `ws-${page}`, attributes: { name: `prod-${page}` } }];
    return { body: { data, meta: { pagination: { "current-page": page, "next-page": page < 2 ? page + 1 : null } } } };
  }
  if (url.pathname === "/api/v2/organizations/shop/workspaces/prod-1")
    return { body: { data: { id: "ws-1", attributes: { name: "prod-1" } } } };
  if (url.pathname === "/api/v2/workspaces/ws-1/current-state-version") {
    return { body: { data: { attributes: { serial: 7, "hosted-state-download-url": `${double.url}/download` } } } };
  }
  return { status: 404, body: {} };
}

function stateOf(): Record<string, unknown> {
  const provider = 'provider["registry.terraform.io/hashicorp/aws"]';
  return {
    version: 4,
    serial: 7,
    lineage: "l-1",
    outputs: { password: { value: "hunter2", sensitive: true } },
    resources: [
      { mode: "managed", type: "aws_vpc", name: "main", provider, instances: [{ attributes: { id: "vpc-1" } }] },
      {
        module: "module.orders",
        mode: "managed",
        type: "aws_db_instance",
        name: "db",
        provider: `module.orders.${provider}`,
        instances: [
          {
            attributes: {
              id: "db-1",
              engine: "postgres",
              engine_version: "17",
              name: "hidden",
              password: "hunter2",
              username: "root",
              tags: { Owner: "team-a", component: "orders", note: "hunter2" },
            },
            sensitive_attributes: [[{ type: "get_attr", value: "password" }], [{ type: "get_attr", value: "name" }]],
            private: "aHVudGVyMg==",
            dependencies: ["aws_vpc.main", "data.aws_ami.base"],
          },
        ],
      },
      {
        mode: "managed",
        type: "aws_instance",
        name: "web",
        provider,
        instances: [
          { index_key: 0, attributes: {} },
          { index_key: 1, attributes: {} },
        ],
      },
      { mode: "data", type: "aws_ami", name: "base", provider, instances: [] },
      { mode: "managed", type: "random_password", name: "p", provider, instances: [{ attributes: { id: "none", result: "hunter2" } }] },
    ],
  };
}

const fromUrl = () => ({ url: `${double.url}/state`, username: "ada", password: "pw" });
const read = (settings: object = fromUrl(), before = {}) => readAll(terraformConnector, settings, callWith(cel, { state: before }));

test("resources of a state, with module, provider, owner and component by tag, and what depends on what; nothing secret", async () => {
  const readings = await read();
  const [vpc, db, web] = entitiesOf(readings).map(({ entity }) => entity);
  expect(entitiesOf(readings)).toHaveLength(3);
  expect(db).toMatchObject({
    kind: "Resource",
    metadata: { name: expect.stringMatching(/^aws_db_instance-db-[0-9a-f]{8}$/), title: "module.orders.aws_db_instance.db" },
    spec: {
      type: "aws_db_instance",
      owner: "group:default/team-a",
      provider: "registry.terraform.io/hashicorp/aws",
      module: "module.orders",
      dependsOn: [`resource:default/${vpc!.metadata.name}`],
      dependencyOf: ["component:default/orders"],
      attributes: { id: "db-1", engine: "postgres", engine_version: "17" },
    },
  });
  expect(db!.spec!["attributes"]).not.toHaveProperty("name");
  expect(web!.spec).toMatchObject({ instances: 2, owner: "unknown" });
  expect(JSON.stringify(readings)).not.toMatch(/hunter2|aHVudGVyMg|root/);
});

test("workspaces of an organisation are read over their pages; one without a state has nothing to say", async () => {
  const cloud = { organization: "shop", token: "t0ken", api: double.url };
  expect(entitiesOf(await read(cloud))).toHaveLength(3);
  expect(double.asked.map(({ url }) => url.pathname)).toContain("/api/v2/workspaces/ws-2/current-state-version");
  expect(entitiesOf(await read({ ...cloud, workspaces: ["prod-1"] }))[0]).toMatchObject({
    location: `${double.url}/app/shop/workspaces/prod-1#aws_vpc.main`,
  });
});

describe("what is wrong", () => {
  test("a wrong password, an encrypted state, an older version", async () => {
    await expect(read({ ...fromUrl(), password: "other" })).rejects.toMatchObject({ code: "INVALID" });
    state = { encrypted_data: "…", version: 4 };
    await expect(read()).rejects.toThrow("encrypted");
    state = { version: 3 };
    await expect(read()).rejects.toThrow("version 4");
    faults.push({ status: 204 });
    await expect(read()).rejects.toThrow("no state at this address");
  });

  test.each([
    [{ status: 500, body: {} }, "UNAVAILABLE"],
    [{ status: 429, headers: { "retry-after": "3" } }, "TOO_MANY"],
    [{ body: '{"version": 4, "resou' }, "UNAVAILABLE"],
    [{ body: { version: 4, serial: 8, lineage: "l-1" } }, "UNAVAILABLE"],
  ])("an answer that is none ends the reading: %j", async (fault, code) => {
    faults.push(fault);
    await expect(read()).rejects.toMatchObject({ code });
  });

  test("another state at the same address, or an older one, removes nothing", async () => {
    const before = (await read()).find((reading) => reading.type === "state")!.state;
    state = { ...stateOf(), lineage: "l-2" };
    await expect(read(fromUrl(), before)).rejects.toMatchObject({ code: "CONFLICT", message: expect.stringContaining("lineage") });
    state = { ...stateOf(), serial: 3 };
    await expect(read(fromUrl(), before)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    state = { ...stateOf(), serial: 9, resources: [] };
    expect(entitiesOf(await read(fromUrl(), before))).toEqual([]);
  });
});

test("the target tells nothing secret", () => {
  const settings = TerraformSettings.parse({ url: "https://ada:pw@states.example.com/prod?sig=abc" });
  expect(terraformConnector.targetOf(settings)).toBe("states.example.com/prod");
  expect(() => TerraformSettings.parse({ organization: "shop" })).toThrow("token");
});
