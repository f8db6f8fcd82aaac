import { strict as assert } from "node:assert";
import { groupFolders, selectPaths } from "../../../scripts/test_groups.ts";

const FOLDERS = ["e2e", "kernels", "browser", "fixtures", "unit", "simulation"];

Deno.test("cheap groups come first, swarms last, unknown ones in between", () => {
  assert.deepEqual(groupFolders(FOLDERS).map(({ name }) => name), [
    "unit",
    "kernels",
    "simulation",
    "browser",
    "e2e",
  ]);
});

Deno.test("paths choose within their groups, a common folder chooses all below it", () => {
  const groups = groupFolders(FOLDERS);
  const chosen = selectPaths(groups, [
    "test/e2e/swarm_test.ts",
    "test/unit/net",
    "test/unit/gpu/device_test.ts",
  ]);
  assert.deepEqual(chosen, [
    { name: "unit", paths: ["test/unit/net", "test/unit/gpu/device_test.ts"] },
    { name: "e2e", paths: ["test/e2e/swarm_test.ts"] },
  ]);
  assert.deepEqual(selectPaths(groups, ["test"]), groups);
  assert.deepEqual(selectPaths(groups, ["src/net"]), []);
  assert.deepEqual(selectPaths(groups, ["test/unit_of_something_else"]), []);
});
