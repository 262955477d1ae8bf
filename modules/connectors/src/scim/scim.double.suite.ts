import type { Question, Reply } from "../lib/double.ts";

/** A directory as the double of an identity provider knows it. */
export interface ScimDirectory {
  users: { id: string; userName: string; displayName?: string; active?: boolean; mail?: string }[];
  groups: { id: string; displayName: string; members: { value: string; type?: "User" | "Group" }[] }[];
  /** Most that it gives at once, whatever is asked for. */
  most?: number;
  /** Leaves members out of lists, as some providers do. */
  listsWithoutMembers?: boolean;
}

/** A double of an identity provider: it speaks SCIM 2.0 (RFC 7644), with pages by `startIndex` and `count`. */
export function answerAsScim(directory: ScimDirectory, { url, headers }: Question): Reply {
  const isMe =
    headers["authorization"] === "Bearer t0ken" || headers["authorization"] === `Basic ${Buffer.from("reader:pw").toString("base64")}`;
  if (!isMe) return { status: 401, body: { schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"], status: "401" } };
  const path = url.pathname.replace("/scim/v2", "");
  const withoutMembers = directory.listsWithoutMembers === true || url.searchParams.get("excludedAttributes") === "members";
  if (path === "/Users") return page(directory, url, directory.users.map(userOf));
  if (path === "/Groups")
    return page(
      directory,
      url,
      directory.groups.map(({ members, ...group }) => (withoutMembers ? group : { ...group, members })),
    );
  const group = directory.groups.find(({ id }) => path === `/Groups/${id}`);
  return group ? { body: group } : { status: 404, body: {} };
}

function page({ most = 1_000 }: ScimDirectory, url: URL, all: readonly unknown[]): Reply {
  const [startIndex, count] = [Number(url.searchParams.get("startIndex")), Number(url.searchParams.get("count"))];
  const resources = all.slice(startIndex - 1, startIndex - 1 + Math.min(count, most));
  return {
    headers: { "content-type": "application/scim+json" },
    body: {
      schemas: ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
      totalResults: all.length,
      startIndex,
      itemsPerPage: resources.length,
      ...(all.length === 0 ? {} : { Resources: resources }),
    },
  };
}

function userOf({ id, userName, displayName, active = true, mail }: ScimDirectory["users"][number]) {
  return {
    schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
    id,
    userName,
    ...(displayName === undefined ? { name: { givenName: "Given", familyName: id } } : { displayName }),
    active,
    emails:
      mail === undefined
        ? []
        : [
            { value: "private@example.net", type: "home" },
            { value: mail, type: "work", primary: true },
          ],
    meta: { resourceType: "User", location: `https://idp.example.com/Users/${id}` },
  };
}
