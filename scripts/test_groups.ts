/**
 * Tests run by groups, each in a process of its own, cheap and telling ones first, whole swarms last. A group is a
 * folder of `test/`; a folder that is not listed runs before the end-to-end tests.
 */

const FIRST = ["unit", "property", "kernels", "simulation"];
const LAST = ["e2e"];
/** What tests read. */
const DATA = ["fixtures"];

export interface TestGroup {
  readonly name: string;
  /** Files and folders, relative to the repository. */
  readonly paths: readonly string[];
}

/** @param folders the folders of `test/` */
export function groupFolders(folders: readonly string[]): TestGroup[] {
  const others = folders.filter((name) => ![...FIRST, ...LAST, ...DATA].includes(name)).sort();
  return [...FIRST, ...others, ...LAST]
    .filter((name) => folders.includes(name))
    .map((name) => ({ name, paths: [`test/${name}`] }));
}

/** Only what lies under one of `paths`, or what one of them lies under, in the groups' order. */
export function selectPaths(groups: readonly TestGroup[], paths: readonly string[]): TestGroup[] {
  const contains = (outer: string, inner: string) => inner === outer || inner.startsWith(outer + "/");
  return groups.flatMap(({ name, paths: [folder] }) => {
    const chosen = paths.some((path) => contains(path, folder))
      ? [folder]
      : paths.filter((path) => contains(folder, path));
    return chosen.length === 0 ? [] : [{ name, paths: chosen }];
  });
}
