package statebench;

import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.tuple.Tuple2;

/**
 * Count and quantiles of the values from a histogram: DDSketch with the linearly interpolated mapping, as
 * {@code workloads/aggregates/quantiles.ts} has it. Magnitudes from 2^−20 to 2^20 fall into buckets of equal width, 2^subBits a power
 * of two, and are told as the bucket's middle. Kept is a 32-bit counter a bucket: the negative ones, the greatest magnitude first,
 * zero, the positive ones.
 */
final class Quantiles extends Aggregation<int[]> {
  private static final long serialVersionUID = 1;
  private static final int LEAST_EXPONENT = -20;
  private static final int EXPONENTS = 40;
  private static final int EXPONENT_BIAS = 1023;
  private static final double[] QUANTILES = {0.5, 0.9, 0.99};

  private final int subBits;
  /** Buckets on either side of zero. */
  private final int side;

  Quantiles(int subBits) {
    this.subBits = subBits;
    side = EXPONENTS << subBits;
  }

  @Override
  TypeInformation<int[]> type() {
    return PrimitiveArrayTypeInfo.INT_PRIMITIVE_ARRAY_TYPE_INFO;
  }

  @Override
  public int[] createAccumulator() {
    return new int[2 * side + 1];
  }

  @Override
  public int[] add(Tuple2<String, double[]> event, int[] kept) {
    addTo(kept, bucketOf(event.f1[0]), 1);
    return kept;
  }

  @Override
  public double[] getResult(int[] kept) {
    long count = 0;
    for (int counter : kept) count += Integer.toUnsignedLong(counter);
    double[] numbers = new double[1 + QUANTILES.length];
    numbers[0] = count;
    int bucket = 0;
    long upTo = Integer.toUnsignedLong(kept[0]);
    for (int i = 0; i < QUANTILES.length; i++) {
      double rank = Math.floor(QUANTILES[i] * (count - 1));
      while (upTo <= rank) upTo += Integer.toUnsignedLong(kept[++bucket]);
      numbers[1 + i] = middle(bucket);
    }
    return numbers;
  }

  @Override
  public int[] merge(int[] one, int[] other) {
    for (int i = 0; i < one.length; i++) addTo(one, i, Integer.toUnsignedLong(other[i]));
    return one;
  }

  /** Exponent and leading bits of the mantissa are one number, which grows with the magnitude. */
  private int bucketOf(double value) {
    int high = (int) (Double.doubleToRawLongBits(value + 0.0) >>> 32);
    int least = (EXPONENT_BIAS + LEAST_EXPONENT) << subBits;
    int bucket = Math.min(((high & 0x7fffffff) >>> (20 - subBits)) - least, side - 1);
    if (bucket < 0) return side;
    return high >= 0 ? side + 1 + bucket : side - 1 - bucket;
  }

  private double middle(int at) {
    if (at == side) return 0;
    int bucket = Math.abs(at - side) - 1;
    int within = bucket & ((1 << subBits) - 1);
    double middle = Math.scalb(1 + (within + 0.5) / (1 << subBits), LEAST_EXPONENT + (bucket >> subBits));
    return at < side ? -middle : middle;
  }

  private static void addTo(int[] kept, int at, long more) {
    long sum = Integer.toUnsignedLong(kept[at]) + more;
    if (sum > 0xffffffffL) throw new IllegalStateException("a bucket of quantiles is full: 2^32 - 1 events of one key in one window fall into it");
    kept[at] = (int) sum;
  }
}
