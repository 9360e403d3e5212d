/** What the servers written in Java are made of: artifacts of Maven Central, each with all that it depends on, and for Flink a wheel of PyPI. */
import { FLINK_VERSION } from '../../harness/flink/version.ts';

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
  /** A package of PyPI whose `folder` holds the rest of the jars. */
  readonly wheel?: { readonly name: string; readonly version: string; readonly folder: string };
}

/**
 * HBase's gateway is a build for Hadoop 2 of an earlier release, as Central has none for Hadoop 3. It uses the public client API
 * alone, so its own HBase and Hadoop are left out in favour of the server's. HDFS needs its client by name: the server refers to
 * classes of it without bringing it along. Flink's own jars, with the state backends and their native libraries in them, come as the
 * wheel that PyFlink depends on, which lacks the SQL gateway alone.
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
  flink: {
    version: FLINK_VERSION,
    artifacts: [{ group: 'org.apache.flink', name: 'flink-sql-gateway', version: FLINK_VERSION, without: ['*'] }],
    wheel: { name: 'apache-flink-libraries', version: FLINK_VERSION, folder: 'pyflink/lib' },
  },
} as const satisfies Readonly<Record<string, JavaServerArtifacts>>;

export type JavaServerName = keyof typeof JAVA_SERVERS;

export const JAVA_SERVER_NAMES = Object.keys(JAVA_SERVERS) as readonly JavaServerName[];

/** The project that Maven is asked for the dependencies of. The same text for the same artifacts and wheel. */
export function pomOf(name: JavaServerName): string {
  const { version, artifacts, wheel }: JavaServerArtifacts = JAVA_SERVERS[name];
  const beside = wheel === undefined ? '' : `\n  <description>beside ${wheel.name}==${wheel.version}</description>`;
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>statebench</groupId><artifactId>${name}</artifactId><version>${version}</version><packaging>pom</packaging>${beside}
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
