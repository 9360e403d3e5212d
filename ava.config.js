/** Tests of the servers that have to be fetched first: `npm run test:servers`. */
export const SERVERS = '{backends,harness,scripts}/**/{cassandra,hbase,hdfs,flink,java-servers}*.test.ts';

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
  timeout: '5m',
  concurrency: 3,
};
