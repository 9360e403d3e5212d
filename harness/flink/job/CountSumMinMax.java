package statebench;

import org.apache.flink.api.java.tuple.Tuple2;

/** Count, sum, least and greatest of the values. */
class CountSumMinMax extends Aggregation.OfDoubles {
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
