package statebench;

import java.util.Arrays;
import org.apache.flink.api.common.accumulators.LongCounter;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.java.tuple.Tuple4;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;

/**
 * The digest of a stage's rows as a multiset, as {@code harness/output-digest.ts} has it, bit for bit. It is state of the job: after a
 * restore it goes on with what the checkpoint's rows came to, so that every row is in it once. The task's accumulators tell it.
 */
final class RowDigest extends ProcessFunction<Tuple4<String, Long, Long, double[]>, Void> implements CheckpointedFunction {
  private static final long serialVersionUID = 1;
  private static final int HEADER_WORDS = 8;
  private static final int LANES = 4;

  private final int stage;
  private final int keyWords;
  private transient int[] words;
  private transient int[] sums;
  private transient long rows;
  private transient ListState<long[]> saved;
  private transient LongCounter[] told;

  RowDigest(int stage, int keyWords) {
    this.stage = stage;
    this.keyWords = keyWords;
  }

  @Override
  public void initializeState(FunctionInitializationContext context) throws Exception {
    words = new int[64];
    sums = new int[LANES];
    rows = 0;
    saved = context.getOperatorStateStore().getListState(new ListStateDescriptor<>("digest", PrimitiveArrayTypeInfo.LONG_PRIMITIVE_ARRAY_TYPE_INFO));
    for (long[] before : saved.get()) {
      rows += before[0];
      for (int lane = 0; lane < LANES; lane++) sums[lane] += (int) before[lane + 1];
    }
  }

  @Override
  public void open(OpenContext context) {
    told = new LongCounter[LANES + 1];
    for (int i = 0; i <= LANES; i++) {
      told[i] = new LongCounter();
      getRuntimeContext().addAccumulator((i == 0 ? "rows-" : "lane-" + i + "-") + stage, told[i]);
    }
    tell();
  }

  @Override
  public void snapshotState(FunctionSnapshotContext context) throws Exception {
    long[] now = new long[LANES + 1];
    now[0] = rows;
    for (int lane = 0; lane < LANES; lane++) now[lane + 1] = sums[lane] & 0xffffffffL;
    saved.update(Arrays.asList(now));
  }

  @Override
  public void processElement(Tuple4<String, Long, Long, double[]> row, Context context, Collector<Void> out) {
    double[] numbers = row.f3;
    int count = HEADER_WORDS + 2 * numbers.length + keyWords;
    if (count > words.length) words = new int[count];
    words[0] = stage;
    words[1] = keyWords;
    words[2] = numbers.length;
    words[3] = 0;
    put(4, row.f1);
    put(6, row.f2);
    for (int i = 0; i < numbers.length; i++) put(HEADER_WORDS + 2 * i, numbers[i]);
    String key = row.f0;
    for (int i = 0, at = HEADER_WORDS + 2 * numbers.length; i < keyWords; i++) {
      int word = 0;
      for (int j = 0; j < 4; j++) {
        int letter = 4 * i + j;
        if (letter < key.length()) word |= key.charAt(letter) << (8 * j);
      }
      words[at + i] = word;
    }
    hash(count);
    rows++;
    tell();
  }

  private void tell() {
    set(told[0], rows);
    for (int lane = 0; lane < LANES; lane++) set(told[lane + 1], sums[lane] & 0xffffffffL);
  }

  private static void set(LongCounter counter, long value) {
    counter.add(value - counter.getLocalValuePrimitive());
  }

  /** −0 counts as 0, and every NaN as the same one. */
  private void put(int at, double value) {
    long bits = Double.doubleToLongBits(value + 0.0);
    words[at] = (int) bits;
    words[at + 1] = (int) (bits >>> 32);
  }

  private void hash(int count) {
    int a = 0x9e3779b9;
    int b = 0x7f4a7c15;
    int c = 0xf39cc060;
    int d = 0x5cedc834;
    for (int i = 0; i < count; i++) {
      int word = words[i];
      a ^= Integer.rotateLeft(word * 0x239b961b, 15) * 0xab0e9789;
      a = Integer.rotateLeft(a, 19) * 5 + 0x561ccd1b;
      b ^= Integer.rotateLeft(word * 0xab0e9789, 16) * 0x38b34ae5;
      b = Integer.rotateLeft(b, 17) * 5 + 0x0bcaa747;
      c ^= Integer.rotateLeft(word * 0x38b34ae5, 17) * 0xa1e38b93;
      c = Integer.rotateLeft(c, 15) * 5 + 0x96cd1c35;
      d ^= Integer.rotateLeft(word * 0xa1e38b93, 18) * 0x239b961b;
      d = Integer.rotateLeft(d, 13) * 5 + 0x32ac3b17;
    }
    a = a + b + c + d;
    b += a;
    c += a;
    d += a;
    a = avalanche(a);
    b = avalanche(b);
    c = avalanche(c);
    d = avalanche(d);
    a = a + b + c + d;
    sums[0] += a;
    sums[1] += b + a;
    sums[2] += c + a;
    sums[3] += d + a;
  }

  private static int avalanche(int word) {
    int x = word;
    x = (x ^ (x >>> 16)) * 0x85ebca6b;
    x = (x ^ (x >>> 13)) * 0xc2b2ae35;
    return x ^ (x >>> 16);
  }
}
