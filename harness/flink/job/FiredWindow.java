package statebench;

import org.apache.flink.api.java.tuple.Tuple4;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/** The row of a window whose events were folded into an accumulator. */
final class FiredWindow extends ProcessWindowFunction<double[], Tuple4<String, Long, Long, double[]>, String, TimeWindow> {
  private static final long serialVersionUID = 1;

  @Override
  public void process(String key, Context context, Iterable<double[]> results, Collector<Tuple4<String, Long, Long, double[]>> out) {
    TimeWindow window = context.window();
    for (double[] numbers : results) out.collect(Tuple4.of(key, window.getStart(), window.getEnd(), numbers));
  }
}
