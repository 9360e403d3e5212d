/** What the servers written in Java are made of: artifacts of Maven Central, each with all that it depends on. */

/** One artifact of Maven Central. */
export interface Artifact {
  readonly group: string;
  readonly name: string;
  readonly version: string;
  /** Groups whose artifacts it would bring along and must not. */
  readonly without?: readonly string[];
}

export interface JavaServerArtifacts {
  /** Of the server itself; part of the name of its folder in the cache. */
  readonly version: string;
  readonly artifacts: readonly Artifact[];
}

/**
 * HBase's gateway is a build for Hadoop 2 of an earlier release, as Central has none for Hadoop 3. It uses the public client API
 * alone, so its own HBase and Hadoop are left out in favour of the server's. HDFS needs its client by name: the server refers to
 * classes of it without bringing it along.
 */
export const JAVA_SERVERS = {
  cassandra: {
    version: '5.0.8',
    artifacts: [{ group: 'org.apache.cassandra', name: 'cassandra-all', version: '5.0.8' }],
  },
  hbase: {
    version: '2.6.4',
    artifacts: [
      { group: 'org.apache.hbase', name: 'hbase-server', version: '2.6.4-hadoop3' },
      { group: 'org.apache.hbase', name: 'hbase-thrift', version: '2.6.1', without: ['org.apache.hbase', 'org.apache.hadoop'] },
    ],
  },
  hdfs: {
    version: '3.5.0',
    artifacts: ['hadoop-hdfs', 'hadoop-hdfs-client', 'hadoop-common'].map((name) => ({
      group: 'org.apache.hadoop',
      name,
      version: '3.5.0',
    })),
  },
} as const satisfies Readonly<Record<string, JavaServerArtifacts>>;

export type JavaServerName = keyof typeof JAVA_SERVERS;

export const JAVA_SERVER_NAMES = Object.keys(JAVA_SERVERS) as readonly JavaServerName[];

/** The project that Maven is asked for the dependencies of. The same text for the same artifacts. */
export function pomOf(name: JavaServerName): string {
  const { version, artifacts }: JavaServerArtifacts = JAVA_SERVERS[name];
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>statebench</groupId><artifactId>${name}</artifactId><version>${version}</version><packaging>pom</packaging>
  <dependencies>
${artifacts.map(dependency).join('\n')}
  </dependencies>
</project>
`;
}

function dependency({ group, name, version, without = [] }: Artifact): string {
  const exclusions = without.map((one) => `<exclusion><groupId>${one}</groupId><artifactId>*</artifactId></exclusion>`).join('');
  return `    <dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version>${
    exclusions === '' ? '' : `<exclusions>${exclusions}</exclusions>`
  }</dependency>`;
}
