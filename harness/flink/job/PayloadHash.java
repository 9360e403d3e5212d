package statebench;

/**
 * Hash of the doubles of an event that carries a payload, and the sum of hashes modulo 2^52, as {@code elementHash} and {@code addHashes}
 * of {@code workloads/contract.ts} have them, bit for bit.
 */
final class PayloadHash {
  private static final long HASHES = 1L << 52;

  private PayloadHash() {}

  /** @param count of the event's numbers, from the first */
  static long of(double[] numbers, int count) {
    int low = 0x9e3779b9;
    int high = 0x7f4a7c15;
    for (int i = 0; i < count; i++) {
      long bits = Double.doubleToRawLongBits(numbers[i]);
      low = (low ^ (int) bits) * 0xcc9e2d51;
      low ^= low >>> 15;
      high = (high ^ (int) (bits >>> 32)) * 0x1b873593;
      high ^= high >>> 13;
    }
    low += high;
    high += low;
    return ((long) (finished(high) >>> 12) << 32) + Integer.toUnsignedLong(finished(low));
  }

  static long sum(long one, long other) {
    return (one + other) % HASHES;
  }

  private static int finished(int word) {
    int x = word;
    x = (x ^ (x >>> 16)) * 0x85ebca6b;
    x = (x ^ (x >>> 13)) * 0xc2b2ae35;
    return x ^ (x >>> 16);
  }
}
