/** The release of Flink that is installed here, and that the job is compiled for. */
export const FLINK_VERSION = '2.3.0';

/** Whether a release is one that a job compiled for ours runs on: patches apart the same. */
export function isOfOurRelease(version: string): boolean {
  const [major, minor] = FLINK_VERSION.split('.');
  return version.startsWith(`${major}.${minor}.`);
}
