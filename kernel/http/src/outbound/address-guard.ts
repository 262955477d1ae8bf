import { lookup as resolve, type LookupAddress } from "node:dns";
import { isIP } from "node:net";

import { ForbiddenError, UnavailableError } from "@roadbed/core";

import { isForbiddenAddress, isPrivateAddress } from "./private-address.ts";

export interface AddressGuardOptions {
  /** Whether an administrator allowed this host (`name`, or `name:port` where it is no usual one) though it is in a private network. */
  readonly isAllowed: (host: string) => boolean | Promise<boolean>;
  /** Names to addresses; a double in tests. */
  readonly lookup?: (host: string) => Promise<readonly LookupAddress[]>;
}

/**
 * Where a name may be connected to. `allowedAs` is what an administrator would have allowed it as. Throws `UnavailableError` for a
 * name that nobody knows, `ForbiddenError` for one of this machine or of a private network, and for one that nobody may allow.
 */
export type AddressGuard = (name: string, allowedAs: string) => Promise<readonly LookupAddress[]>;

export function createAddressGuard({ isAllowed, lookup = lookupBySystem }: AddressGuardOptions): AddressGuard {
  return async (name, allowedAs) => {
    const family = isIP(name);
    const addresses =
      family === 0
        ? await lookup(name).catch((cause: unknown) => {
            throw new UnavailableError(`The host ${name} is not known.`, { mend: "Correct the address.", cause });
          })
        : [{ address: name, family }];
    if (addresses.length === 0) throw new UnavailableError(`The host ${name} has no address.`, { mend: "Correct the address." });
    if (addresses.some(({ address }) => isForbiddenAddress(address))) {
      throw new ForbiddenError(`The host ${allowedAs} leads to an address that is never asked.`, {
        mend: "Link-local addresses and a cloud's metadata cannot be allowed. Give the address of the system itself.",
        problems: [{ at: allowedAs, reason: "leads to a link-local, unspecified or multicast address" }],
      });
    }
    // One private answer among public ones is enough to refuse: which one is used would be chance.
    if (addresses.some(({ address }) => isPrivateAddress(address)) && !(await isAllowed(allowedAs))) {
      throw new ForbiddenError(`The host ${allowedAs} is in a private network.`, {
        mend: `An administrator can allow it: roadbed host allow ${allowedAs}`,
        problems: [{ at: allowedAs, reason: "is in a private network" }],
      });
    }
    return addresses;
  };
}

function lookupBySystem(host: string): Promise<readonly LookupAddress[]> {
  return new Promise((done, fail) => resolve(host, { all: true }, (error, addresses) => (error ? fail(error) : done(addresses))));
}
