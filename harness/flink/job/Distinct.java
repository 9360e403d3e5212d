package statebench;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.tuple.Tuple2;

/**
 * Count and about how many values differ: HyperLogLog over a 64-bit hash, with linear counting for few, as
 * {@code workloads/aggregates/distinct.ts} has it. Kept are the count, in 8 bytes, and a byte for each register.
 */
final class Distinct extends Aggregation<byte[]> {
  private static final long serialVersionUID = 1;
  private static final VarHandle COUNT = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int COUNT_BYTES = 8;
  private static final int HIGH_SEED = 0x9747b28c;
  private static final int LOW_SEED = 0x5bd1e995;

  private final int precision;

  /** @param precision bits of the hash that choose the register */
  Distinct(int precision) {
    this.precision = precision;
  }

  @Override
  TypeInformation<byte[]> type() {
    return PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO;
  }

  @Override
  public byte[] createAccumulator() {
    return new byte[COUNT_BYTES + (1 << precision)];
  }

  @Override
  public byte[] add(Tuple2<String, double[]> event, byte[] kept) {
    COUNT.set(kept, 0, count(kept) + 1);
    // 0 for −0.
    long bits = Double.doubleToRawLongBits(event.f1[0] + 0.0);
    int high = murmur((int) bits, (int) (bits >>> 32), HIGH_SEED);
    int rest = high << precision;
    int zeros =
        rest != 0
            ? Integer.numberOfLeadingZeros(rest)
            : 32 - precision + Integer.numberOfLeadingZeros(murmur((int) bits, (int) (bits >>> 32), LOW_SEED));
    int register = COUNT_BYTES + (high >>> (32 - precision));
    if (zeros >= kept[register]) kept[register] = (byte) (zeros + 1);
    return kept;
  }

  @Override
  public double[] getResult(byte[] kept) {
    int registers = 1 << precision;
    double sum = 0;
    int empty = 0;
    for (int i = COUNT_BYTES; i < kept.length; i++) {
      sum += Math.scalb(1.0, -kept[i]);
      if (kept[i] == 0) empty++;
    }
    double raw = alpha(registers) * registers * registers / sum;
    // The strict logarithm is the one that JavaScript has.
    boolean isFew = raw <= 2.5 * registers && empty > 0;
    return new double[] {count(kept), isFew ? registers * StrictMath.log((double) registers / empty) : raw};
  }

  @Override
  public byte[] merge(byte[] one, byte[] other) {
    COUNT.set(one, 0, count(one) + count(other));
    for (int i = COUNT_BYTES; i < one.length; i++) if (other[i] > one[i]) one[i] = other[i];
    return one;
  }

  private static long count(byte[] kept) {
    return (long) COUNT.get(kept, 0);
  }

  private static double alpha(int registers) {
    switch (registers) {
      case 16:
        return 0.673;
      case 32:
        return 0.697;
      case 64:
        return 0.709;
      default:
        return 0.7213 / (1 + 1.079 / registers);
    }
  }

  /** MurmurHash3 x86 32-bit (A. Appleby, public domain) over the 8 bytes of two words. */
  private static int murmur(int low, int high, int seed) {
    int hash = mixed(mixed(seed, low), high) ^ 8;
    hash = (hash ^ (hash >>> 16)) * 0x85ebca6b;
    hash = (hash ^ (hash >>> 13)) * 0xc2b2ae35;
    return hash ^ (hash >>> 16);
  }

  private static int mixed(int hash, int word) {
    int mix = hash ^ Integer.rotateLeft(word * 0xcc9e2d51, 15) * 0x1b873593;
    return Integer.rotateLeft(mix, 13) * 5 + 0xe6546b64;
  }
}
