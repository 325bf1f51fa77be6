// Standalone output: the image needs node and this folder, not node_modules.
const config = {
  output: 'standalone',
  outputFileTracingRoot: process.cwd(),
  // The same sources give the same image.
  generateBuildId: () => process.env.BUILD_ID ?? 'by-hand',
  poweredByHeader: false,
  images: { unoptimized: true },
  outputFileTracingExcludes: { '*': ['**/node_modules/sharp/**', '**/node_modules/@img/**'] },
};

export default config;
