/** Counts of a test run, from the JUnit report that `deno test --junit-path` writes. */

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const NO_TESTS: TestCounts = { passed: 0, failed: 0, skipped: 0 };

/**
 * A run that ended with an error although no test of the report failed (a module that does not load, a crash, a leaked
 * resource) counts as one failure, so that nothing is lost between the report and the exit code.
 * @param report the XML, or undefined when none was written
 */
export function countTests(report: string | undefined, exitCode: number): TestCounts {
  const cases = withoutSteps(report?.match(/<testcase\b[^>]*?(\/>|>[\s\S]*?<\/testcase>)/g) ?? []);
  const failed = cases.filter((text) => /<(failure|error)\b/.test(text)).length;
  const skipped = cases.filter((text) => /<skipped\b/.test(text)).length;
  return {
    passed: cases.length - failed - skipped,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped,
  };
}

/** A step is reported as a case of its own, named `<test> > <step>`; the test's own case has its outcome. */
function withoutSteps(cases: readonly string[]): string[] {
  const nameOf = (text: string) => text.match(/name="([^"]*)"/)?.[1] ?? "";
  const names = new Set(cases.map(nameOf));
  return cases.filter((text) => {
    const parts = nameOf(text).split(" &gt; ");
    return !parts.some((_, i) => i > 0 && names.has(parts.slice(0, i).join(" &gt; ")));
  });
}

export function addCounts(a: TestCounts, b: TestCounts): TestCounts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** The line that a test run closes with: `N passed, N failed, N skipped`. */
export function describeCounts({ passed, failed, skipped }: TestCounts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
