/** The few system calls that the emulator needs and Deno does not offer. Linux only; numbers of its stable interface. */
const LIBRARY = "libc.so.6";

/** Sizes are below 2³², so that they may stay numbers. */
const SYMBOLS = {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  ioctl: { parameters: ["i32", "u32", "buffer"], result: "i32" },
  setns: { parameters: ["i32", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  ppoll: { parameters: ["buffer", "u32", "buffer", "pointer"], result: "i32" },
} as const;

export type Libc = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

export const openLibc = (): Libc => Deno.dlopen(LIBRARY, SYMBOLS).symbols;

const O_RDWR = 2;
const O_NONBLOCK = 0o4000;
const CLONE_NEWNET = 0x40000000;
const TUNSETIFF = 0x400454ca;
const IFF_TUN = 0x0001;
const IFF_NO_PI = 0x1000;
const IFNAMSIZ = 16;
export const POLLIN = 1;

const cString = (text: string) => new TextEncoder().encode(text + "\0");

/**
 * Makes the TUN interface `name` inside a named network namespace and comes back to our own.
 * @returns a descriptor that gives and takes whole IP packets and never blocks
 */
export function openTun(libc: Libc, namespace: string, name: string): number {
  const own = opened(libc, "/proc/self/ns/net", 0);
  const other = opened(libc, `/run/netns/${namespace}`, 0);
  try {
    checked("enter the namespace", libc.setns(other, CLONE_NEWNET));
    try {
      const tun = opened(libc, "/dev/net/tun", O_RDWR | O_NONBLOCK);
      const request = new Uint8Array(40);
      request.set(cString(name).subarray(0, IFNAMSIZ));
      new DataView(request.buffer).setUint16(IFNAMSIZ, IFF_TUN | IFF_NO_PI, true);
      checked("make the interface", libc.ioctl(tun, TUNSETIFF, request));
      return tun;
    } finally {
      checked("leave the namespace", libc.setns(own, CLONE_NEWNET));
    }
  } finally {
    libc.close(own);
    libc.close(other);
  }
}

function opened(libc: Libc, path: string, flags: number): number {
  return checked(`open ${path}`, libc.open(cString(path), flags));
}

function checked(what: string, result: number): number {
  if (result >= 0) return result;
  throw new Error(`${what}: refused by the kernel, root and a kernel with TUN and namespaces are required`);
}
