/** The release of Flink that is installed here, and that the job is compiled for. */
export const FLINK_VERSION = '2.3.0';
