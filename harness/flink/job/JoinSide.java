package statebench;

/** Of the events of a join, which come as one stream, the last number says what they are: as {@code EVENT_TYPE} of the workloads. */
final class JoinSide {
  private static final double RIGHT = 1;
  private static final double END = 2;

  private JoinSide() {}

  static boolean isRight(double[] event) {
    return event[event.length - 1] == RIGHT;
  }

  /** Of the left side, in a continuous join: what it said before is no longer so. */
  static boolean isEnd(double[] event) {
    return event[event.length - 1] == END;
  }
}
