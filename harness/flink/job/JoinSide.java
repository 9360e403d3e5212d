package statebench;

/**
 * Of the events of a join, which come as one stream, the last number says what they are: as {@code EVENT_TYPE} of the workloads. The first
 * is the event's value; what is between them is its payload.
 */
final class JoinSide {
  private static final double RIGHT = 1;
  private static final double END = 2;

  private JoinSide() {}

  static boolean isRight(double[] event) {
    return event[event.length - 1] == RIGHT;
  }

  /** The numbers of the row of a left and a right event: both values and, if they have a payload, the hash of both. */
  static double[] pair(double[] left, double[] right) {
    int width = left.length - 1;
    if (width == 1) return new double[] {left[0], right[0]};
    return new double[] {left[0], right[0], PayloadHash.sum(PayloadHash.of(left, width), PayloadHash.of(right, width))};
  }

  /** Of the left side, in a continuous join: what it said before is no longer so. */
  static boolean isEnd(double[] event) {
    return event[event.length - 1] == END;
  }
}
