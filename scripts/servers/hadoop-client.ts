/** What Flink needs to read and write HDFS: Hadoop's client, from the installation of hdfs. */
import path from 'node:path';
import { installationOf } from './cache.ts';

/** Of HDFS' jars those that its client needs: the others are servers, and bring loggers and releases that are not Flink's. */
const CLIENT =
  /^(?:hadoop-(?:annotations|auth|common|hdfs-client|shaded-guava|shaded-protobuf_\d+_\d+)|woodstox-core|stax2-api|re2j|jackson-(?:annotations|core|databind)|commons-(?:codec|collections4|configuration2|io|lang3|logging|text))-\d[^/]*\.jar$/;

/** Its jars; none where hdfs is not installed: Flink then says that it does not know the scheme. */
export function hadoopClient(): readonly string[] {
  const installation = installationOf('hdfs');
  if (installation.state !== 'whole') return [];
  return installation.files.filter((file) => CLIENT.test(file)).map((file) => path.join(installation.lib, file));
}
