/** The stream protocols between members that have said hello. */
export const LANE_PROTOCOLS = { control: "/skein/control/1", bulk: "/skein/bulk/1" } as const;
export const REQUEST_PROTOCOL = "/skein/request/1";
