/** Tests of the servers that have to be fetched first: `npm run test:servers`. */
export const SERVERS = '{backends,harness,scripts}/**/{cassandra,hbase,hdfs,flink,java-servers}*.test.ts';

/** These take minutes between them, and go first: what is begun last is waited for by one processor. */
const LONGEST = ['scripts/campaigns/crash.test', 'scripts/resume.test', 'harness/matrix/'];

function rank(file) {
  const found = LONGEST.findIndex((part) => file.replaceAll('\\', '/').includes(part));
  return found === -1 ? LONGEST.length : found;
}

export default {
  files: ['{backends,workloads,harness,reports,scripts}/**/*.test.ts', `!${SERVERS}`],
  typescript: {
    rewritePaths: {
      'backends/': 'dist/backends/',
      'workloads/': 'dist/workloads/',
      'harness/': 'dist/harness/',
      'reports/': 'dist/reports/',
      'scripts/': 'dist/scripts/',
    },
    compile: false,
  },
  workerThreads: false,
  timeout: '10m',
  // More than processors: a test often waits, for a disk, a server or a browser.
  concurrency: 4,
  sortTestFiles: (one, other) => rank(one) - rank(other) || (one < other ? -1 : 1),
};
