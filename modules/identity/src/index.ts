export { createIdentity, type Identity } from "./create-identity.ts";
export { type Caller, type Credentials } from "./authenticate.ts";
export { accountsWith, makeAccountsOf, viewerOf } from "./authorise/accounts-of.ts";
export { makeIdentitiesOf } from "./authorise/identities-of.ts";
export { personBehind } from "./authorise/person-behind.ts";
export { storedAbout } from "./audit/stored-about.ts";
export { makeMay } from "./authorise/may.ts";
export { type Groups, type IdentityDeps, type Owners } from "./deps.ts";
export { type OidcSignIn } from "./oidc/create-oidc-sign-in.ts";
export { type OidcSettings } from "./oidc/provider.ts";
export { type LinkFailure, type SignIn } from "./session/sign-in.ts";

/** The tables of this module. */
export const migrations = { module: "identity", dir: new URL("../migrations/", import.meta.url) };
