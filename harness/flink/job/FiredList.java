package statebench;

import java.util.Arrays;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple4;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/** The row of a window whose events are kept in a list until it fires; with the hash of their payloads as its last number, if they have any. */
final class FiredList extends ProcessWindowFunction<Tuple2<String, double[]>, Tuple4<String, Long, Long, double[]>, String, TimeWindow> {
  private static final long serialVersionUID = 1;
  private final ListAggregation aggregation;
  private final boolean hasPayload;
  private transient double[] values;

  FiredList(ListAggregation aggregation, boolean hasPayload) {
    this.aggregation = aggregation;
    this.hasPayload = hasPayload;
  }

  @Override
  public void process(
      String key, Context context, Iterable<Tuple2<String, double[]>> events, Collector<Tuple4<String, Long, Long, double[]>> out) {
    int count = 0;
    long hash = 0;
    if (values == null) values = new double[64];
    for (Tuple2<String, double[]> event : events) {
      if (count == values.length) values = Arrays.copyOf(values, 2 * count);
      values[count++] = event.f1[0];
      if (hasPayload) hash = PayloadHash.sum(hash, PayloadHash.of(event.f1, event.f1.length));
    }
    TimeWindow window = context.window();
    double[] numbers = aggregation.of(Arrays.copyOf(values, count));
    if (hasPayload) {
      numbers = Arrays.copyOf(numbers, numbers.length + 1);
      numbers[numbers.length - 1] = hash;
    }
    out.collect(Tuple4.of(key, window.getStart(), window.getEnd(), numbers));
  }
}
