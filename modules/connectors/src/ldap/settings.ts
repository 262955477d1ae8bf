import { z } from "zod";

import { advanced } from "../lib/advanced.ts";
import { namespaceSetting } from "../lib/settings.ts";

const attribute = (what: string) =>
  advanced(
    z
      .string()
      .regex(/^[A-Za-z][\w.;-]{0,60}$/, "must be the name of an attribute")
      .optional()
      .describe(what),
  );
const dn = z.string().min(1).max(500).regex(/=/, "must be a distinguished name, e.g. dc=example,dc=com");
const filter = (what: string) =>
  advanced(
    z
      .string()
      .max(1_000)
      .regex(/^\(.*\)$/s, "must be an LDAP filter in brackets")
      .optional()
      .describe(what),
  );

export const LdapSettings = z.strictObject({
  url: z
    .string()
    .regex(/^ldaps?:\/\/[^\s/?#@]+\/?$/, "must look like ldaps://dc.example.com or ldap://dc.example.com:389")
    .describe("Address of the server: ldaps://HOST, or ldap://HOST, which is encrypted by StartTLS"),
  flavour: z.enum(["active-directory", "openldap"]).default("active-directory").describe("Which filters and attributes are usual there"),
  baseDn: dn.describe("Below what is read, e.g. dc=example,dc=com"),
  bindDn: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .describe("As whom: a DN, or name@domain; an account that may only read. Missing: anonymous"),
  password: z.string().min(1).max(1_000).optional().describe("Its password; it is stored sealed"),
  ca: advanced(
    z
      .string()
      .max(100_000)
      .optional()
      .describe("Certificate of the authority that signed the server's, as PEM, where it is one of your own"),
  ),
  startTls: advanced(
    z.boolean().default(true).describe("Encrypt ldap:// before anything is said; without it the password goes over the wire"),
  ),
  userBase: advanced(dn.optional().describe("Below what people are, if not below the whole base")),
  groupBase: advanced(dn.optional().describe("Below what groups are, if not below the whole base")),
  userFilter: filter("Which entries are people"),
  groupFilter: filter("Which entries are groups"),
  loginAttribute: attribute("Holds what people log in with: sAMAccountName or uid"),
  nameAttribute: attribute("Holds the name of a person: displayName"),
  mailAttribute: attribute("Holds the mail address: mail"),
  idAttribute: attribute("Never changes: objectGUID or entryUUID"),
  groups: z.boolean().default(true).describe("Groups, with who is in them"),
  keepGone: advanced(z.boolean().default(true).describe("People whom the directory names no more stay, marked as people who have left")),
  groupType: advanced(z.string().min(1).max(60).default("team").describe("Type of the groups")),
  pageSize: advanced(z.number().int().min(1).max(1_000).default(500).describe("Entries of one page")),
  namespace: namespaceSetting(),
});
export type LdapSettings = z.output<typeof LdapSettings>;

/** What is asked for, with the defaults of the flavour. */
export interface Plan {
  readonly userFilter: string;
  readonly groupFilter: string;
  readonly login: string;
  readonly name: string;
  readonly mail: string;
  readonly id: string;
}

const PLANS: Readonly<Record<LdapSettings["flavour"], Plan>> = {
  "active-directory": {
    userFilter: "(&(objectCategory=person)(objectClass=user))",
    groupFilter: "(objectClass=group)",
    login: "sAMAccountName",
    name: "displayName",
    mail: "mail",
    id: "objectGUID",
  },
  openldap: {
    userFilter: "(objectClass=inetOrgPerson)",
    groupFilter: "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))",
    login: "uid",
    name: "displayName",
    mail: "mail",
    id: "entryUUID",
  },
};

export function planOf(settings: LdapSettings): Plan {
  const plan = PLANS[settings.flavour];
  return {
    userFilter: settings.userFilter ?? plan.userFilter,
    groupFilter: settings.groupFilter ?? plan.groupFilter,
    login: settings.loginAttribute ?? plan.login,
    name: settings.nameAttribute ?? plan.name,
    mail: settings.mailAttribute ?? plan.mail,
    id: settings.idAttribute ?? plan.id,
  };
}
