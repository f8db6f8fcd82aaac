/** Addresses in tables: the ends, by which people know them. */
export const shortAddress = (ss58: string): string => `${ss58.slice(0, 6)}…${ss58.slice(-4)}`;
