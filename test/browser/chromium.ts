/**
 * A browser with a WebGPU that is not wgpu: Chromium (Dawn and Tint) on its own software adapter, SwiftShader, so that it
 * runs on a machine without a GPU and computes the same everywhere.
 */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const APPLICATIONS = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

export const CHROMIUM_ADVICE = "install Chromium (on Debian or Ubuntu: apt-get install chromium), " +
  "or say where it is with SKEIN_CHROMIUM=<path>";

/** The path of a Chromium or Chrome, if there is one: that of SKEIN_CHROMIUM, else the first in PATH. */
export function findChromium(): string | undefined {
  const named = Deno.env.get("SKEIN_CHROMIUM");
  if (named !== undefined) return named;
  const folders = (Deno.env.get("PATH") ?? "").split(delimiter).filter((folder) => folder !== "");
  const paths = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...paths, ...APPLICATIONS].find((path) => existsSync(path));
}

/** Headless. A sandbox is no use to pages of our own, and Chromium refuses to start one for root. */
export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    headless: true,
    args: ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
  });
}
