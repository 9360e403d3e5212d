package statebench;

import org.apache.flink.api.java.tuple.Tuple2;

/** Count and the k greatest values, in descending order; duplicates are kept, places that nothing takes are 0. Kept as they are told. */
final class TopK extends Aggregation.OfDoubles {
  private static final long serialVersionUID = 1;
  private final int k;

  TopK(int k) {
    this.k = k;
  }

  @Override
  public double[] createAccumulator() {
    return new double[1 + k];
  }

  @Override
  public double[] add(Tuple2<String, double[]> event, double[] kept) {
    insert(kept, held(kept), event.f1[0]);
    kept[0]++;
    return kept;
  }

  @Override
  public double[] getResult(double[] kept) {
    return kept.clone();
  }

  @Override
  public double[] merge(double[] one, double[] other) {
    int held = held(one);
    for (int i = 0; i < held(other); i++) insert(one, Math.min(held + i, k), other[1 + i]);
    one[0] += other[0];
    return one;
  }

  /** How many values an accumulator has. */
  private int held(double[] kept) {
    return (int) Math.min(kept[0], k);
  }

  /** Puts a value in its place behind those no less, and lets the last one go if there are k. */
  private void insert(double[] kept, int held, double value) {
    int place = 1 + held;
    if (held == k && value <= kept[--place]) return;
    for (; place > 1 && kept[place - 1] < value; place--) kept[place] = kept[place - 1];
    kept[place] = value;
  }
}
