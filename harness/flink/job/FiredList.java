package statebench;

import java.util.Arrays;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple4;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/** The row of a window whose events are kept in a list until it fires. */
final class FiredList extends ProcessWindowFunction<Tuple2<String, double[]>, Tuple4<String, Long, Long, double[]>, String, TimeWindow> {
  private static final long serialVersionUID = 1;
  private final ListAggregation aggregation;
  private transient double[] values;

  FiredList(ListAggregation aggregation) {
    this.aggregation = aggregation;
  }

  @Override
  public void process(
      String key, Context context, Iterable<Tuple2<String, double[]>> events, Collector<Tuple4<String, Long, Long, double[]>> out) {
    int count = 0;
    if (values == null) values = new double[64];
    for (Tuple2<String, double[]> event : events) {
      if (count == values.length) values = Arrays.copyOf(values, 2 * count);
      values[count++] = event.f1[0];
    }
    TimeWindow window = context.window();
    out.collect(Tuple4.of(key, window.getStart(), window.getEnd(), aggregation.of(Arrays.copyOf(values, count))));
  }
}
