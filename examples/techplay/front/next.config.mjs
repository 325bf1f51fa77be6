// Standalone output: the image needs node and this folder, not node_modules.
const config = {
  output: 'standalone',
  outputFileTracingRoot: import.meta.dirname ?? process.cwd(),
  poweredByHeader: false,
  images: { unoptimized: true },
  outputFileTracingExcludes: { '*': ['**/node_modules/sharp/**', '**/node_modules/@img/**'] },
};

export default config;
