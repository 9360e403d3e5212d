package statebench;

import org.apache.flink.api.java.tuple.Tuple2;

/** Count and mean of the values. */
final class Average extends Aggregation.OfDoubles {
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
