package statebench;

import org.apache.flink.api.java.tuple.Tuple2;

/** The same of rows of an earlier stage: counts and sums add up. */
final class MergedCountSumMinMax extends CountSumMinMax {
  private static final long serialVersionUID = 1;

  @Override
  public double[] add(Tuple2<String, double[]> event, double[] kept) {
    return merge(kept, event.f1);
  }
}
