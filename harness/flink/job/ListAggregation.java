package statebench;

import java.io.Serializable;
import java.util.Arrays;

/** What comes of all values of a window at once. */
interface ListAggregation extends Serializable {
  /** @param values at least one; reordered. @return the numbers of a row */
  double[] of(double[] values);

  /** @return null if there is none of that name: the aggregate then is one with an accumulator */
  static ListAggregation named(String name) {
    switch (name) {
      case "median":
        return ListAggregation::median;
      case "exact-distinct":
        return ListAggregation::exactDistinct;
      default:
        return null;
    }
  }

  private static double[] median(double[] values) {
    Arrays.sort(values);
    int count = values.length;
    int middle = count / 2;
    return new double[] {count, count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2};
  }

  private static double[] exactDistinct(double[] values) {
    // 0 for −0: sorting would tell them apart.
    for (int i = 0; i < values.length; i++) values[i] += 0.0;
    Arrays.sort(values);
    int distinct = 1;
    for (int i = 1; i < values.length; i++) if (values[i] != values[i - 1]) distinct++;
    return new double[] {values.length, distinct};
  }
}
