package statebench;

import java.util.Arrays;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.java.tuple.Tuple2;

/** What is kept of the events of a key and window, a few doubles, and what comes of it. */
abstract class Aggregation implements AggregateFunction<Tuple2<String, double[]>, double[], double[]> {
  private static final long serialVersionUID = 1;

  /** @throws IllegalArgumentException if there is none of that name which is kept in an accumulator */
  static Aggregation named(String name) {
    switch (name) {
      case "count-sum-min-max":
        return new CountSumMinMax();
      case "merged-count-sum-min-max":
        return new MergedCountSumMinMax();
      case "average":
        return new Average();
      default:
        throw new IllegalArgumentException("no aggregate is named " + name);
    }
  }

  private static class CountSumMinMax extends Aggregation {
    private static final long serialVersionUID = 1;

    @Override
    public double[] createAccumulator() {
      return new double[] {0, 0, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
    }

    @Override
    public double[] add(Tuple2<String, double[]> event, double[] kept) {
      double value = event.f1[0];
      kept[0]++;
      kept[1] += value;
      if (value < kept[2]) kept[2] = value;
      if (value > kept[3]) kept[3] = value;
      return kept;
    }

    @Override
    public double[] getResult(double[] kept) {
      return kept.clone();
    }

    @Override
    public double[] merge(double[] one, double[] other) {
      one[0] += other[0];
      one[1] += other[1];
      if (other[2] < one[2]) one[2] = other[2];
      if (other[3] > one[3]) one[3] = other[3];
      return one;
    }
  }

  /** Of rows of an earlier stage: counts and sums add up. */
  private static final class MergedCountSumMinMax extends CountSumMinMax {
    private static final long serialVersionUID = 1;

    @Override
    public double[] add(Tuple2<String, double[]> event, double[] kept) {
      return merge(kept, event.f1);
    }
  }

  private static final class Average extends Aggregation {
    private static final long serialVersionUID = 1;

    @Override
    public double[] createAccumulator() {
      return new double[2];
    }

    @Override
    public double[] add(Tuple2<String, double[]> event, double[] kept) {
      kept[0]++;
      kept[1] += event.f1[0];
      return kept;
    }

    @Override
    public double[] getResult(double[] kept) {
      return new double[] {kept[0], kept[1] / kept[0]};
    }

    @Override
    public double[] merge(double[] one, double[] other) {
      one[0] += other[0];
      one[1] += other[1];
      return one;
    }
  }

  /** What comes of all values of a window at once. @throws IllegalArgumentException if there is no such aggregate */
  static double[] ofList(String name, double[] values) {
    Arrays.sort(values);
    int count = values.length;
    switch (name) {
      case "median":
        int middle = count / 2;
        return new double[] {count, count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2};
      case "exact-distinct":
        int distinct = 1;
        for (int i = 1; i < count; i++) if (values[i] != values[i - 1]) distinct++;
        return new double[] {count, distinct};
      default:
        throw new IllegalArgumentException("no aggregate of lists is named " + name);
    }
  }
}
