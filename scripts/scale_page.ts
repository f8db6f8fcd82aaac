export const scalePage = (_: unknown) => "";
