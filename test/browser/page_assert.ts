/** `node:assert` for the page: the package of the same interface, which the page's import map puts in its place. */
import "./page_process.ts";
export { default, strict } from "assert";
