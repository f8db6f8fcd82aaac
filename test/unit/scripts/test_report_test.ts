import { strict as assert } from "node:assert";
import { addCounts, countTests, describeCounts } from "../../../scripts/test_report.ts";

const PASSED = '<testcase name="a" classname="./a_test.ts" time="0.001"/>';
const FAILED = '<testcase name="b"><failure message="x">Error: &lt;failure&gt;</failure></testcase>';
const SKIPPED = '<testcase name="c">\n<skipped/>\n</testcase>';

Deno.test("passed, failed and skipped cases are told apart", () => {
  const report = `<testsuites><testsuite>${PASSED}${FAILED}${SKIPPED}${PASSED}</testsuite></testsuites>`;
  assert.deepEqual(countTests(report, 1), { passed: 2, failed: 1, skipped: 1 });
  assert.equal(describeCounts(countTests(report, 1)), "2 passed, 1 failed, 1 skipped");
});

Deno.test("a run that ends badly counts as a failure although its report has none, or is not there", () => {
  assert.deepEqual(countTests(`<testsuites>${PASSED}</testsuites>`, 1), { passed: 1, failed: 1, skipped: 0 });
  assert.deepEqual(countTests(undefined, 137), { passed: 0, failed: 1, skipped: 0 });
  assert.deepEqual(countTests(undefined, 0), { passed: 0, failed: 0, skipped: 0 });
});

Deno.test("counts add up", () => {
  const sum = addCounts({ passed: 1, failed: 2, skipped: 3 }, { passed: 10, failed: 20, skipped: 30 });
  assert.deepEqual(sum, { passed: 11, failed: 22, skipped: 33 });
});

Deno.test("deno's own report of a passing, a failing and an ignored test is counted right", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const [test, report] = [`${directory}/x_test.ts`, `${directory}/report.xml`];
    await Deno.writeTextFile(
      test,
      `Deno.test("a", async (t) => { await t.step("s", () => {}); });\n` +
        `Deno.test("b", () => { throw new Error("<skipped/>"); });\nDeno.test.ignore("c", () => {});\n`,
    );
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "--no-check", "--no-config", `--junit-path=${report}`, test],
    }).output();
    assert.deepEqual(countTests(await Deno.readTextFile(report), code), { passed: 1, failed: 1, skipped: 1 });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
