/** All of Node's `process` that the package `assert` asks for when it loads. */
Object.assign(globalThis, { process: { env: {} } });
